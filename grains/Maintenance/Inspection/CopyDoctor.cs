using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// What is done about copies that are missing or damaged: repaired from another one, else set apart, so that nothing relies
/// on them; and set apart ones are looked at again. Every outcome is one finding.
/// </summary>
internal sealed class CopyDoctor(InspectionCatalog catalog, IChunkRepair repair, TopologyCache topology)
{
    /// <summary>A recorded copy is not there, or is not what it should be.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="isMissing">Not there at all; else damaged.</param>
    /// <param name="repairs">False: only say it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TaskFinding> TreatAsync(InspectedCopy copy, bool isMissing, bool repairs, CancellationToken cancellationToken)
    {
        var what = isMissing
            ? $"Chunk {copy.Hash} is recorded in store {Name(copy.Store)}, but not there"
            : $"Chunk {copy.Hash} in store {Name(copy.Store)} has other bytes than its name says";
        var code = isMissing ? "copy-missing" : "copy-damaged";
        if (!repairs)
        {
            return Finding(FindingKind.Error, code, what + ".", copy);
        }

        var result = await repair.RepairAsync(copy, cancellationToken);
        if (result.Status == RepairStatus.Failed)
        {
            return Finding(FindingKind.Error, code, $"{what}; it could not be repaired now: {result.Reason}", copy);
        }

        if (result.Status == RepairStatus.Repaired)
        {
            return Finding(FindingKind.Repaired, code, what + "; a good copy took its place.", copy);
        }

        return await catalog.MarkDamagedAsync(copy, cancellationToken) switch
        {
            DamageOutcome.Damaged => Finding(FindingKind.Error, code, $"{what}, and there is no other good copy. Upload the content again to heal the files that use it.", copy),
            _ => Finding(FindingKind.Info, code, what + "; nothing needs it.", copy),
        };
    }

    /// <summary>Looks again at a copy that was set apart.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="isGood">Reads it and says whether its bytes are what they should be.</param>
    /// <param name="repairs">False: only say it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TaskFinding> ReviewAsync(
        InspectedCopy copy, Func<InspectedCopy, CancellationToken, Task<bool>> isGood, bool repairs, CancellationToken cancellationToken)
    {
        var what = $"Chunk {copy.Hash} in store {Name(copy.Store)} was found missing or damaged before";
        var good = await isGood(copy, cancellationToken);
        if (!repairs)
        {
            return Finding(FindingKind.Error, "copy-damaged", good ? what + "; it is good now." : what + ".", copy);
        }

        if (!good && await repair.RepairAsync(copy, cancellationToken) is { Status: RepairStatus.NoSource or RepairStatus.Failed } failed)
        {
            return Finding(FindingKind.Error, "copy-damaged", $"{what}, and cannot be repaired: {failed.Reason ?? "there is no other good copy."}", copy);
        }

        return await catalog.SettleDamagedAsync(copy, good, cancellationToken) switch
        {
            DamageOutcome.Stored => Finding(FindingKind.Repaired, "copy-damaged", what + "; it is good and counts again.", copy),
            DamageOutcome.Damaged => Finding(FindingKind.Error, "copy-damaged", what + ", and still is.", copy),
            _ => Finding(FindingKind.Repaired, "copy-damaged", what + "; a good copy took its place, or nothing needs it.", copy),
        };
    }

    private static TaskFinding Finding(FindingKind kind, string code, string message, InspectedCopy copy) =>
        new(kind, code, message, copy.Hash, copy.Store, null, copy.Location);

    private string Name(StoreId store) => topology.Current.Store(store)?.Name ?? store.ToString();
}
