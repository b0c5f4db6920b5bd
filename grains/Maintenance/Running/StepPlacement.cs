using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>Which silo does a step. Pure.</summary>
internal static class StepPlacement
{
    /// <summary>What a silo that takes maintenance by preference is called in its row.</summary>
    public const string Worker = "worker";

    /// <summary>
    /// What reads the bytes of a local store is done where they lie: looked at from elsewhere, the whole store would go over
    /// the network. Everything else is a worker's, the same one for all steps of a task, so that its counts stay good. Without
    /// workers it is done by the silo that owns the store concerned, else where it was scheduled.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="owner">The silo that owns the store concerned; null: none does, or no store is.</param>
    /// <param name="living">Silos that live and answer.</param>
    /// <param name="here">This silo.</param>
    public static string Choose(MaintenanceTaskRow task, string? owner, IReadOnlyList<SiloAddressInfo> living, string here)
    {
        // A silo of another version may not know the kind of task, or do it otherwise: during an upgrade each does its own.
        var version = living.FirstOrDefault(silo => silo.Silo == here)?.Version;
        var able = living.Where(silo => silo.Version == version).ToList();
        var ownerLives = owner is not null && able.Exists(silo => silo.Silo == owner);
        if (ownerLives && task.Kind is MaintenanceTaskKind.Verify or MaintenanceTaskKind.Scrub or MaintenanceTaskKind.Sweep or MaintenanceTaskKind.Fsck)
        {
            return owner!;
        }

        return able.Where(static silo => silo.Role == Worker).MaxBy(silo => Weight(silo.Silo, task), WeightOrder.Instance)?.Silo
            ?? (ownerLives ? owner! : here);
    }

    // Rendezvous: a worker that comes or goes moves only its share of the tasks.
    private static byte[] Weight(string silo, MaintenanceTaskRow task) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{silo} {task.Run} {task.Task}")));

    private sealed class WeightOrder : IComparer<byte[]>
    {
        public static WeightOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
