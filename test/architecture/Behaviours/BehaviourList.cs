namespace Granary.Architecture.Tests.Behaviours;

/// <summary>Every numbered behaviour that Granary takes on, in the order of docs/behaviours.md.</summary>
internal static class BehaviourList
{
    public static IReadOnlyList<BehaviourGroup> Groups { get; } =
    [
        new("Choosing where to write", StoreBehaviours.Writing),
        new("Choosing where to read", StoreBehaviours.Reading),
        new("Content addressing", StoreBehaviours.Content),
        new("Resuming", StoreBehaviours.Resuming),
        new("Maintenance", MaintenanceBehaviours.Rows),
        new("Administration", StoreBehaviours.Administration),
        new("Backends", StoreBehaviours.Backends),
        new("Uploads, versions, changes, limits", ServiceBehaviours.Sync),
        new("Archive and retrieve", ServiceBehaviours.Archive),
        new("Operations", ServiceBehaviours.Running),
        new("tus 1.0.0", ServiceBehaviours.Tus),
        new("What operators ask for", ServiceBehaviours.Asked),
    ];

    public static IEnumerable<BehaviourRow> Rows => Groups.SelectMany(group => group.Rows);
}
