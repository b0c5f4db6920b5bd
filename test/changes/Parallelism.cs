// Every class has a whole silo of its own, and some measure: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
