using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.FileStores;

/// <summary>
/// Makes a file store: (1) its row, which gives the id; (2) its place, by writing the identity object that names that id,
/// and proving that it can be written (D59, D60); (3) opens it. When the place cannot be a store the row is taken back and
/// the request is refused. A process that dies in between leaves a store that is offline and can be deleted.
/// </summary>
internal sealed class StoreCreation(
    StoreCatalog stores, TopologyCache topologies, ChunkStoreFactory factory, ChunkStoreRules rules, SecretProtector secrets,
    ISiloContext silo, IStoreOpener opener)
{
    /// <summary>Reads the configuration of a new store against the operator's rules.</summary>
    public ChunkStoreConfigResult Parse(string? backend, JsonElement configuration) =>
        ChunkStoreConfigParser.Parse(backend, configuration, rules);

    /// <summary>Makes the store.</summary>
    /// <returns>Its id, or the refusal.</returns>
    public async Task<(StoreId? Id, Problem? Problem)> CreateAsync(
        string name, ChunkStoreConfigResult parsed, FileStoreSettings settings, OperationKey? operation, bool takeOver, CancellationToken cancellationToken)
    {
        var configuration = parsed.Config!;
        if (configuration is LocalStoreConfig { Silo: { } owner } && owner != silo.SiloName)
        {
            return (null, Problem.Invalid("configuration.silo", $"A local store is made on the silo that owns it; this one is {silo.SiloName}."));
        }

        var created = await stores.CreateAsync(Row(name, parsed, settings), operation, cancellationToken);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return (null, denied);
        }

        var id = created.Id!.Value;
        if ((await topologies.RefreshAsync(cancellationToken)).Store(id) is not { } row)
        {
            return (id, null);
        }

        try
        {
            await factory.InitializeAsync(StoreDefinitions.Define(row, silo.InstallationId, secrets), takeOver, cancellationToken);
        }
        catch (ChunkStoreException fault)
        {
            // Taken back although the client may be gone: the row must not outlive the refusal.
            await stores.DeleteAsync(id, force: true, null, CancellationToken.None);
            return (null, Refuse(fault));
        }

        await opener.SynchronizeAsync(cancellationToken);
        return (id, null);
    }

    private NewFileStore Row(string name, ChunkStoreConfigResult parsed, FileStoreSettings settings) => new()
    {
        Name = name,
        Backend = parsed.Config!.Backend,
        Configuration = ChunkStoreConfigParser.Serialize(parsed.Config),
        EncryptedSecrets = parsed.Credentials is { } credentials ? StoreSecrets.Protect(secrets, credentials) : null,
        Silo = (parsed.Config as LocalStoreConfig)?.Silo,
        Settings = settings,
    };

    private static Problem Refuse(ChunkStoreException fault)
    {
        var kind = fault.Fault switch
        {
            ChunkStoreFault.IdentityForeign or ChunkStoreFault.Locked => ProblemKinds.Conflict,
            _ => ProblemKinds.InvalidRequest,
        };
        return new Problem(kind, fault.Message).With("field", "configuration").With("fault", fault.CodeText);
    }
}
