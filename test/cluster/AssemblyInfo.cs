// Each test has a cluster and the machine to itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
