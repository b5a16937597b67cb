"""The settings dialog: its pages, the key field, the connection test.

What is where:

    values            what goes in and comes out
    controls          one control for each kind of setting;   key_field: a key, or another secret
    row  field  page  a name beside its field; a declared setting as such a line; what all pages have in common
    step_line  verdict  connection_test
                      a test as it goes by, and how it ended
    provider_page     a provider;   own_service: what the page of one's own service has besides
    service_page      the form of one's own service;   service_forms: those that are open
    fields_page       declared settings;   field_pages: all pages of those
    page_list  search the list beside the pages, and what it is searched for
    dialog            all of it: which page is in front, and what is said at its foot
"""
