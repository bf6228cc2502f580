"""Under which circumstances do all tests run?"""

import signal

# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every command they
# start and interrupt: a program that is started inherits an ignored signal, but not a handler.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
