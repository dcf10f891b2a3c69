"""Visits of clients' sites, read from files of analytics programs and web servers, kept by day.

Files are strangers': they are read in a process of its own (`child`), which knows neither the desk nor the network.
"""
