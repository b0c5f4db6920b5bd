namespace Granary.GrainInterfaces;

/// <summary>What one task of a maintenance run does. The numbers are stored.</summary>
public enum MaintenanceTaskKind
{
    /// <summary>Copies the chunks of a scope into an attached store that should have all of them.</summary>
    Populate = 0,

    /// <summary>Moves a scope's chunks out of an attached store.</summary>
    Drain = 1,

    /// <summary>Moves the least recently read chunks of a scope out of a store until its soft limit for that scope holds.</summary>
    ShrinkScope = 2,

    /// <summary>Moves the least recently read chunks out of a store until the store's own limits hold.</summary>
    ShrinkStore = 3,

    /// <summary>Removes a tenant's chunks that nothing has referenced for the grace period.</summary>
    Collect = 4,

    /// <summary>Releases a tenant's versions that retention keeps no longer.</summary>
    ExpireVersions = 5,

    /// <summary>Ends a tenant's upload sessions that nobody used for their lifetime.</summary>
    ExpireUploads = 6,

    /// <summary>Looks for recorded copies that a store does not have, and repairs them from a good one.</summary>
    Verify = 7,

    /// <summary>Removes bytes that no row knows.</summary>
    Sweep = 8,

    /// <summary>Reads and hashes every copy of a store at a set pace, and repairs what is damaged.</summary>
    Scrub = 9,

    /// <summary>Recounts what the catalog counts, and compares it with the stores.</summary>
    Fsck = 10,

    /// <summary>Moves everything that is needed out of a local store whose silo is to leave.</summary>
    EmptyStore = 11,
}

/// <summary>State of a run. The numbers are stored.</summary>
public enum RunState
{
    /// <summary>Works, or waits for its turn.</summary>
    Running = 0,

    /// <summary>Stopped by an operator until it is resumed.</summary>
    Paused = 1,

    /// <summary>Ended by an operator.</summary>
    Cancelled = 2,

    /// <summary>Ended; everything it was to make true is true.</summary>
    Done = 3,

    /// <summary>Ended; something could not be satisfied, or differs. Its findings say what.</summary>
    Failed = 4,
}

/// <summary>State of one task of a run. The numbers are stored.</summary>
public enum RunTaskState
{
    /// <summary>Not begun.</summary>
    Waiting = 0,

    /// <summary>Begun.</summary>
    Running = 1,

    /// <summary>Ended without an error.</summary>
    Done = 2,

    /// <summary>Ended with errors.</summary>
    Failed = 3,

    /// <summary>Its run was cancelled before it ended.</summary>
    Cancelled = 4,
}

/// <summary>Why a run was created; urgent ones come first. The numbers are stored.</summary>
public enum RunTrigger
{
    /// <summary>An operator asked for it.</summary>
    Operator = 0,

    /// <summary>The schedule.</summary>
    Schedule = 1,

    /// <summary>An attachment, a store or a scope was changed.</summary>
    Policy = 2,

    /// <summary>A soft or hard limit was passed.</summary>
    Limit = 3,

    /// <summary>New content in a scope whose policies concern it.</summary>
    Uploads = 4,
}

/// <summary>Kind of a run. The numbers are stored.</summary>
public enum RunKind
{
    /// <summary>Makes policies true, expires, collects, verifies and sweeps.</summary>
    Maintenance = 0,

    /// <summary>Checks the catalog against itself and the stores.</summary>
    Fsck = 1,

    /// <summary>Reads and hashes every copy at a slow pace.</summary>
    Scrub = 2,
}

/// <summary>How much a finding of a run weighs. The numbers are stored.</summary>
public enum FindingKind
{
    /// <summary>Something could not be satisfied, or differs: the run fails.</summary>
    Error = 0,

    /// <summary>Worth telling.</summary>
    Info = 1,

    /// <summary>What a run that is not dry would do.</summary>
    WouldDo = 2,

    /// <summary>A copy that stays although a policy would let it go, because another scope needs it; no error.</summary>
    Kept = 3,

    /// <summary>Something that differed was put right.</summary>
    Repaired = 4,
}
