"""Where are threads, messages and runs kept?"""
