using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Peers;

/// <summary>
/// The silo's local stores as other silos of the cluster reach them (<see cref="RemoteProtocol"/>), and steps of maintenance
/// that they want done here. Only for holders of the
/// cluster key, only on the internal port, and only for stores that belong to this silo, so that requests never go in
/// circles.
/// </summary>
internal sealed partial class PeerStoreEndpoint : IDisposable
{
    private static readonly byte[] s_newLine = "\n"u8.ToArray();

    private readonly IStoreDirectory _directory;
    private readonly PeerOptions _options;
    private readonly ChunkBufferPool _buffers;
    private readonly PeerStepEndpoint? _steps;
    private readonly ILogger _logger;

    public PeerStoreEndpoint(
        IStoreDirectory directory, IOptions<PeerOptions> options, TimeProvider time, ILogger<PeerStoreEndpoint> logger, PeerStepEndpoint? steps = null)
    {
        _steps = steps;
        _directory = directory;
        _options = options.Value;
        _logger = logger;
        _buffers = new ChunkBufferPool(new ChunkBufferPoolOptions { BudgetBytes = _options.BufferBytes }, time);
    }

    /// <summary>Takes the internal port's requests out of the pipeline; nothing else is served there.</summary>
    public void Map(IApplicationBuilder app)
    {
        if (_options.Port > 0)
            app.MapWhen(context => context.Connection.LocalPort == _options.Port, branch => branch.Run(ServeAsync));
    }

    public void Dispose() => _buffers.Dispose();

    /// <summary>Answers one request of another silo.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        if (!IsPeer(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var path = context.Request.Path.Value ?? "";
        if (path == RemoteSteps.Path && _steps is not null)
        {
            await _steps.ServeAsync(context);
            return;
        }

        var rest = path.StartsWith(RemoteProtocol.Root + "/", StringComparison.Ordinal) ? path[(RemoteProtocol.Root.Length + 1)..] : "";
        var slash = rest.IndexOf('/');
        var id = slash < 0 ? rest : rest[..slash];
        LocationKey key = default;
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || (slash >= 0 && !LocationKey.TryParse(rest[(slash + 1)..], out key)))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        try
        {
            await ServeAsync(context, Open(context.Request, new StoreId(number)), key);
        }
        catch (ChunkStoreException failure)
        {
            await AnswerAsync(context, failure.Fault, failure.Message);
        }
        catch (CatalogException)
        {
            // Whether the silo that asks lives cannot be looked up now.
            await AnswerAsync(context, ChunkStoreFault.Unavailable, "The owner of the store does not reach the catalog.");
        }
        catch (ArgumentException)
        {
            await AnswerAsync(context, ChunkStoreFault.Rejected, "The bytes that arrived do not fit their key.");
        }
        catch (Exception failure) when (failure is OperationCanceledException or BadHttpRequestException or IOException)
        {
            context.Abort(); // the other silo gave up, or went away
        }
    }

    private async Task ServeAsync(HttpContext context, IChunkStore store, LocationKey key)
    {
        using var account = _buffers.Open("peers", BufferUse.Internal);
        await ((context.Request.Method, key.IsEmpty) switch
        {
            ("PUT", false) => PutAsync(context, store, account, key),
            ("GET", false) => GetAsync(context, store, account, key),
            ("HEAD", false) => HeadAsync(context, store, key),
            ("DELETE", false) => DeleteAsync(context, store, key),
            ("GET", true) => ListAsync(context, store),
            ("POST", true) => CheckAsync(context, store),
            _ => RefuseAsync(context),
        });
    }

    private async Task PutAsync(HttpContext context, IChunkStore store, BufferAccount account, LocationKey key)
    {
        if (context.Request.ContentLength is not (>= 0 and <= 64 << 20) || context.Request.ContentLength is not { } length)
        {
            context.Response.StatusCode = StatusCodes.Status411LengthRequired;
            return;
        }

        using var chunk = account.Begin((int)length);
        while (chunk.Length < length)
        {
            var room = await chunk.GetMemoryAsync(context.RequestAborted);
            var got = await context.Request.Body.ReadAsync(room, context.RequestAborted);
            if (got == 0)
                throw new IOException("The body ended early.");
            chunk.Advance(got);
        }

        chunk.Seal();
        if (!await MayWriteAsync(context))
            throw new ChunkStoreException(store.Traits.Name, ChunkStoreFault.Rejected, "The life of the silo that writes is over.");

        // Begun is finished: the other silo's row counts on the copy or deletes it, whichever it learns.
        await store.PutAsync(key, chunk, CancellationToken.None);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task GetAsync(HttpContext context, IChunkStore store, BufferAccount account, LocationKey key)
    {
        var range = context.Request.Headers[RemoteProtocol.RangeHeader].ToString().Split(' ');
        if (range.Length != 2 || !long.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            || !long.TryParse(range[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (await store.StatAsync(key, context.RequestAborted) is not { } stat)
        {
            Absent(context);
            return;
        }

        var count = (int)Math.Min(Math.Min(most, 64 << 20), Math.Max(0, stat.Length - offset));
        using var chunk = account.Begin(count);
        var room = await chunk.ReserveAsync(count, context.RequestAborted);
        if (await store.ReadAsync(key, offset, room, context.RequestAborted) is not { } read)
        {
            Absent(context);
            return;
        }

        if (read < count)
            throw new IOException("The copy became shorter.");
        context.Response.Headers[RemoteProtocol.LengthHeader] = stat.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentLength = count;
        foreach (var piece in room)
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
    }

    private static async Task HeadAsync(HttpContext context, IChunkStore store, LocationKey key)
    {
        if (await store.StatAsync(key, context.RequestAborted) is not { } stat)
        {
            Absent(context);
            return;
        }

        context.Response.Headers[RemoteProtocol.LengthHeader] = stat.Length.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[RemoteProtocol.ModifiedHeader] = stat.Modified.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
    }

    private static async Task DeleteAsync(HttpContext context, IChunkStore store, LocationKey key)
    {
        if (await store.DeleteAsync(key, context.RequestAborted))
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            Absent(context);
    }

    private static async Task CheckAsync(HttpContext context, IChunkStore store)
    {
        await store.CheckAsync(context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task ListAsync(HttpContext context, IChunkStore store)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var listed = 0L;
        try
        {
            await foreach (var entry in store.ListAsync(context.Request.Query["prefix"].ToString(), context.RequestAborted))
            {
                await WriteLineAsync(context, new RemoteListing(entry.Key.ToString(), entry.Length, entry.Modified.ToUnixTimeMilliseconds()));
                listed++;
            }
        }
        catch (ChunkStoreException) when (listed > 0)
        {
            context.Abort(); // the missing last line says that it is incomplete
            return;
        }

        await WriteLineAsync(context, new RemoteListing(null, listed, 0));
    }

    private static async Task WriteLineAsync(HttpContext context, RemoteListing line)
    {
        context.Response.BodyWriter.Write(JsonSerializer.SerializeToUtf8Bytes(line, JsonSerializerOptions.Web));
        context.Response.BodyWriter.Write(s_newLine);
        if (context.Response.BodyWriter.UnflushedBytes > 64 << 10)
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    }

    private static void Absent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.Headers[RemoteProtocol.AbsentHeader] = "1";
    }

    private IChunkStore Open(HttpRequest request, StoreId id)
    {
        var maintenance = request.Headers.ContainsKey(RemoteProtocol.MaintenanceHeader);
        IChunkStore? store;
        var found = maintenance ? _directory.TryGetMaintenance(id, out store) : _directory.TryGet(id, out store);
        if (!found || store is null || !store.Traits.IsLocal)
            throw new ChunkStoreOfflineException(id.ToString(), ChunkStoreFault.Unavailable, "The store is not open at the silo that owns it.");
        return store;
    }

    private async Task<bool> MayWriteAsync(HttpContext context) =>
        _options.IsAlive is not { } isAlive
        || (long.TryParse(context.Request.Headers[RemoteProtocol.EpochHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && await isAlive(new SiloEpoch(epoch), context.RequestAborted));

    private bool IsPeer(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var text = request.Headers.Authorization.ToString();
        return _options.TokenHash is { } expected && text.StartsWith(Scheme, StringComparison.Ordinal)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(text[Scheme.Length..])), expected);
    }

    private async Task AnswerAsync(HttpContext context, ChunkStoreFault fault, string detail)
    {
        LogFault(context.Request.Method, context.Request.Path, detail);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = RemoteProtocol.FaultStatus;
        context.Response.Headers[RemoteProtocol.FaultHeader] = fault.ToString();
        await context.Response.WriteAsJsonAsync(new RemoteFault(detail), context.RequestAborted);
    }

    [LoggerMessage(5600, LogLevel.Warning, "Another silo's {Method} {Path} was not served: {Detail}")]
    private partial void LogFault(string method, string path, string detail);
}
