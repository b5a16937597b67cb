"""The top floor: the application. Wires everything: conversation, tools, hosts, keys, settings, lifetimes, the ways in.

From the bottom up; nothing imports what stands below it in this list:

    threads  loop/  tasks       calls that may hang, asyncio and Qt in one loop, the owner of every task
    keys  settings  display     API keys, every setting, whether a window can be opened
    nk/  hosts/                 the .nk format, and the open script as the tools read it
    tools/  context             what a model may do, what it is told
    turn  chat                  one question to its end, and the conversation around it
    app                         all services, built and closed in order; no Qt up to here but in loop/
    presenters/                 one widget each, connected to services
    window  cli/  __main__      the ways in
"""
