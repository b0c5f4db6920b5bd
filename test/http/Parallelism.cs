// Every class has a whole silo of its own, and metrics are of the process: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
