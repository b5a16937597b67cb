"""The diagnostics: what lives, what is slow, what went wrong. Shows values, gives signals; it measures nothing.

What is where:

    dialog        the dialog: a list of pages, the page in front, copying, twice a second while it is visible
    values        what goes in;  words: durations, times and counts as they are shown
    reports_page  report_list  report_details      what went wrong
    tasks_page    task_list                        what is running, by scope
    loop_page     lag_graph                        how late the loop is
    facts_page    facts                            connections, system: lines of name and value
    log_page      last_session_page                the log level and the sinks; how the session before this one ended
    steady_list   a list that stays where it is when it changes
"""
