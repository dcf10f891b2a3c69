"""What a user would pick instead of us, each as its own documentation writes it.

These scripts run in environments of their own (`make rivals` builds them from `benchmarks/rivals.txt`), never in ours,
and print one JSON object. Of ours they import nothing but the embedder, so that everybody searches the same vectors.
"""
