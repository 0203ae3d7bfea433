"""The client tests (tests/lab/clients).

    lab      the lab seen from a test: run a program, read the logs
    clients  every unmodified client: its command line, what success is
    matrix   client x name x port, before and after, as one table
    cases    everything else: sites, spellings of SPNs, healing, bad input
    tap      the report
"""
