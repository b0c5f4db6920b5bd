using Granary.GrainInterfaces;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>What the suites of upload sessions do with one: begin it, store its parts, ask about them.</summary>
public abstract class SessionCase(ICatalogEngine engine) : CatalogSuite(engine)
{
    private protected const int Part = 4;
    private protected static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private protected Task<SessionCreated> BeginAsync(CatalogWorld world, string path, long? size, SessionKind kind = SessionKind.Parts, OperationKey? operation = null) =>
        world.Sessions.CreateAsync(
            new NewSession
            {
                Tenant = world.Tenant,
                Scope = world.Scope,
                Upload = new UploadId(Guid.CreateVersion7(Clock.GetUtcNow())),
                Kind = kind,
                Path = Path(path),
                Size = size,
                ChunkSize = Part,
                Expires = Clock.GetUtcNow() + Lifetime,
                Operation = operation,
            },
            default);

    private protected static PlaceChunk Chunk(CatalogWorld world, UploadId upload, int index, string content) =>
        world.Chunk(upload, index, Hash(content), content.Length, reserve: false);

    private protected static PlaceChunk Appended(CatalogWorld world, UploadId upload, long writer, long offset, int index, string content) =>
        Chunk(world, upload, index, content) with { Append = new AppendTo(writer, offset) };

    /// <summary>A part from its row to its bytes; of an upload of unknown length its bytes are reserved.</summary>
    private protected static async Task StoreAsync(CatalogWorld world, UploadId upload, int index, string content)
    {
        var session = await world.Sessions.FindAsync(world.Tenant, upload, default);
        await StoreAsync(world, upload, world.Chunk(upload, index, Hash(content), content.Length, reserve: session is { Size: null }));
    }

    private protected static Task AppendAsync(CatalogWorld world, UploadId upload, long writer, long offset, int index, string content) =>
        StoreAsync(world, upload, Appended(world, upload, writer, offset, index, content));

    private protected static async Task StoreAsync(CatalogWorld world, UploadId upload, PlaceChunk chunk)
    {
        var placed = await world.PlaceAsync(chunk);
        Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, $"{placed.Status}");
        if (placed.Status == PlaceStatus.Write)
        {
            Assert.True(await world.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
        }
    }

    private protected static Task<ProbeResult> ProbeAsync(CatalogWorld world, UploadId upload, params (int Index, string Content)[] parts) =>
        world.Sessions.ProbeAsync(world.Tenant, world.Scope, upload, [.. parts.Select(static part => new ProbedPart(part.Index, Hash(part.Content)))], world.Epoch, default);

    private protected static (int Ended, int Forgotten) Counts(SessionsExpired expired) => (expired.Ended, expired.Forgotten);

    private protected static async Task<long> ReservedAsync(CatalogWorld world) => (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Reserved;
}
