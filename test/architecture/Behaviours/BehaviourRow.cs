namespace Granary.Architecture.Tests.Behaviours;

/// <summary>The part of the work in which a behaviour comes.</summary>
internal enum Work
{
    /// <summary>Storing and reading a tree of files on one silo.</summary>
    MainJob,

    /// <summary>Policies and everything that moves, verifies or collects chunks.</summary>
    Maintenance,

    /// <summary>Resumable uploads, exact quotas, crash safety of uploads.</summary>
    Uploads,

    /// <summary>Several silos.</summary>
    Cluster,

    /// <summary>The change log and those who follow it.</summary>
    Changes,

    /// <summary>Rate limits, metrics, backups: no part of its own yet.</summary>
    Operations,

    /// <summary>Left out on purpose; the row says what serves instead.</summary>
    NotBuilt,
}

/// <summary>
/// One numbered behaviour: <paramref name="Number"/> as in the traits of tests, what Granary does, the part of the work
/// that brings it, and, where Granary reads it in its own way or leaves it out, why.
/// </summary>
internal sealed record BehaviourRow(string Number, string Title, Work Work, string? Note = null);

/// <summary>Rows that came from one place, under one heading.</summary>
internal sealed record BehaviourGroup(string Heading, IReadOnlyList<BehaviourRow> Rows);
