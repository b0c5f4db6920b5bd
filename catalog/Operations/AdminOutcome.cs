using System.Text.Json;
using System.Text.Json.Serialization;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>An administrative answer as it is kept with its idempotency key.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Detail">One sentence when refused.</param>
/// <param name="Field">The offending field.</param>
/// <param name="Warnings">Things worth telling.</param>
/// <param name="Id">What was created.</param>
internal sealed record AdminOutcome(AdminStatus Status, string? Detail = null, string? Field = null, string[]? Warnings = null, string? Id = null)
{
    /// <summary>The answer was stored by an earlier request.</summary>
    [JsonIgnore]
    public bool Replayed { get; init; }

    public static AdminOutcome Done { get; } = new(AdminStatus.Done);

    public static AdminOutcome Refuse(AdminStatus status, string detail, string? field = null) => new(status, detail, field);

    public static AdminOutcome Invalid(string detail, string? field = null) => new(AdminStatus.Invalid, detail, field);

    public AdminResult ToResult() => new() { Status = Status, Detail = Detail, Field = Field, Warnings = Warnings ?? [] };

    public CreatedResult<TId> ToCreated<TId>(Func<long, TId> make)
        where TId : struct => new()
        {
            Result = ToResult(),
            Id = Id is null ? null : make(long.Parse(Id)),
            Replayed = Replayed,
        };

    /// <summary>The answer that was kept for a key, or a refusal when the key was another request's; null when it was not used.</summary>
    public static AdminOutcome? Find(CatalogSession session, TenantId tenant, OperationKey? key) => OperationLedger.Find(session, tenant, key) switch
    {
        null => null,
        { Matches: true } stored => JsonSerializer.Deserialize(stored.Result, AdminOutcomeJson.Default.AdminOutcome)! with { Replayed = true },
        _ => Refuse(AdminStatus.OperationMismatch, "The idempotency key was used for another request.", "Idempotency-Key"),
    };

    /// <summary>Does the work unless its key was used; keeps the answer when it was done.</summary>
    public static AdminOutcome RunOnce(CatalogSession session, TenantId tenant, OperationKey? key, Func<AdminOutcome> work)
    {
        // Changes of settings are rare, and many rules look at several tables: they are made one after another.
        TopologyTables.Lock(session);
        if (Find(session, tenant, key) is { } first)
        {
            return first;
        }

        var outcome = work();
        if (outcome.Status is AdminStatus.Done or AdminStatus.Created or AdminStatus.Accepted)
        {
            OperationLedger.Save(session, tenant, key, JsonSerializer.Serialize(outcome, AdminOutcomeJson.Default.AdminOutcome));
        }

        return outcome;
    }
}

[JsonSerializable(typeof(AdminOutcome))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class AdminOutcomeJson : JsonSerializerContext;
