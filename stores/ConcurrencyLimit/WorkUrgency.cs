namespace Granary.Stores;

/// <summary>Whose turn it is where background work waits for the same slots of a store.</summary>
public enum WorkUrgency
{
    /// <summary>A limit is passed: first.</summary>
    Urgent = 0,

    /// <summary>Policies, deletes, repairs.</summary>
    Routine = 1,

    /// <summary>Reading everything only to look at it: when nothing else waits.</summary>
    Idle = 2,
}
