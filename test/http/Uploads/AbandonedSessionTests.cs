using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Http.Tests.Content;
using Granary.Http.Tests.Tus;
using Granary.Stores;
using Granary.TestHost;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Uploads;

/// <summary>Sessions whose clients vanish in every phase, hundreds of them: after their time is over nothing of them is held.</summary>
public sealed class AbandonedSessionTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = Sessions.Small;
    private static readonly Sql s_allOver = new("UPDATE upload_session SET expires = 1 WHERE state = 0");

    private enum Phase
    {
        InItsBeginning,
        Begun,
        Probed,
        InTheHeadOfAPart,
        InAPart,
        AfterAPart,
        AllPartsNeverCompleted,
        InAProbe,
        InACompletionThatLacksParts,
        OfUnknownLength,
        RefusedWhole,
        TusCreated,
        InATusBody,
        InACheckedTusBody,
        PartialTus,
    }

    [Fact]
    [Trait("Behaviour", "G12")]
    [Trait("Behaviour", "S5")]
    public async Task Hundreds_of_sessions_that_are_left_in_any_phase_leave_nothing_when_their_time_is_over()
    {
        var scope = await world.MakeScopeAsync();
        var known = Seeds.Create(1).Bytes(2 * Chunk);
        var kept = await world.BeginAsync(scope, "kept", known.Length);
        await world.PutPartsAsync(kept, known, [0, 1]);
        using (var complete = await world.CompleteAsync(kept))
            await HttpWorld.JsonOf(complete, 201);
        var before = await world.DescribeHoldingsAsync();

        var random = Seeds.Create(output);
        var phases = Enum.GetValues<Phase>();
        var plans = Enumerable.Range(0, Seeds.Times(20, 700) * phases.Length)
            .Select(i => new Plan(scope, phases[i % phases.Length], i, random.Next(2) == 0, Seeds.Create(random.Next()), known))
            .ToArray();
        await Parallel.ForEachAsync(plans, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (plan, _) => await LeaveAsync(plan));

        Assert.NotEqual(before, await world.DescribeHoldingsAsync());
        await Eventually.BecomesAsync(() => world.Service<ChunkBufferPool>().InUseBytes == 0, "the buffers are back");
        await world.Service<CatalogDatabase>().WriteAsync(static session => session.Execute(s_allOver), default);
        await world.CollectUntilAsync(before);
        Assert.Empty(await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));
        using var get = await world.GetAsync(scope, "kept");
        Assert.Equal(known, await get.Content.ReadAsByteArrayAsync());
        Assert.Equal(1, (await world.Service<ScopeCatalog>().GetDetailsAsync(world.Tenant, world.ScopeOf(scope), default))!.Files);
    }

    [Fact]
    [Trait("Behaviour", "S5")]
    public async Task A_part_that_takes_longer_than_its_session_lives_is_refused_and_holds_nothing()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_UPLOAD_EXPIRY"] = "1s" } });
        using var begun = await host.Client.PostAsync(
            "api/v1/scopes/main/uploads", System.Net.Http.Json.JsonContent.Create(new { path = "slow", size = 2 * Chunk, chunkSize = Chunk }));
        var id = (string)(await HttpWorld.JsonOf(begun, 201))["id"]!;
        using var raw = await RawHttp.ConnectAsync(new Uri(host.Url).Port);
        await raw.WriteAsync($"PUT /api/v1/uploads/{id}/chunks/0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {host.OperatorKey}\r\nContent-Length: {Chunk}\r\n\r\n");
        var content = Seeds.Create(output).Bytes(Chunk);
        for (var sent = 0; sent < Chunk; sent += Chunk / 16)
        {
            await raw.WriteAsync(content[sent..(sent + (Chunk / 16))]);
            await Task.Delay(150);
        }

        var answer = await raw.ReadAsync();
        Assert.Equal(410, answer.Status);
        var database = (CatalogDatabase)host.Services.GetService(typeof(CatalogDatabase))!;
        Assert.Equal(0, await database.ReadAsync(static session => session.Scalar(new Sql("SELECT COUNT(*) FROM location")), default));
        Assert.Empty(await CatalogInvariants.CheckAsync(database, default));
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    [Trait("Behaviour", "S10")]
    public async Task Two_hundred_parallel_uploads_of_every_kind_end_exactly_at_the_quota_and_none_fails_that_had_room()
    {
        const int Uploads = 200;
        const int Fit = 140;
        const int Size = Chunk + 1_234;
        const int Rest = 777;
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = ((long)Fit * Size) + Rest });
        var seed = Seeds.Create(output).Next();
        var stored = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Uploads), new ParallelOptions { MaxDegreeOfParallelism = Uploads }, async (i, _) =>
        {
            var content = Seeds.Create(seed + i).Bytes(Size);
            var status = (i % 3) switch
            {
                0 => await PutAsync(scope, i, content),
                1 => await SessionAsync(scope, i, content),
                _ => await TusAsync(scope, i, content),
            };
            Assert.True(status is HttpStatusCode.Created or HttpStatusCode.InsufficientStorage, $"upload {i}: {status}");
            Interlocked.Add(ref stored, status == HttpStatusCode.Created ? 1 : 0);
        });

        Assert.Equal(Fit, stored);
        using var tooMuch = await world.PutAsync(scope, "more", new byte[Rest + 1]);
        await HttpWorld.JsonOf(tooMuch, 507, "quota-exceeded");
        using var exact = await world.PutAsync(scope, "rest", Seeds.Create(seed).Bytes(Rest));
        await HttpWorld.JsonOf(exact, 201);
        using var full = await world.PostAsync($"api/v1/scopes/{scope}/uploads", new { path = "one", size = 1 });
        await HttpWorld.JsonOf(full, 507, "quota-exceeded");
        var details = (await world.Service<ScopeCatalog>().GetDetailsAsync(world.Tenant, world.ScopeOf(scope), default))!;
        Assert.Equal(((long)Fit * Size) + Rest, details.LogicalBytes);
        Assert.Empty(await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));
    }

    private async Task<HttpStatusCode> PutAsync(string scope, int number, byte[] content)
    {
        using var put = await world.PutAsync(scope, $"q/{number}", content);
        return put.StatusCode;
    }

    private async Task<HttpStatusCode> SessionAsync(string scope, int number, byte[] content)
    {
        using var begun = await world.PostAsync($"api/v1/scopes/{scope}/uploads", new { path = $"q/{number}", size = content.Length, chunkSize = Chunk });
        if (begun.StatusCode != HttpStatusCode.Created)
            return begun.StatusCode;
        var id = (string)(await HttpWorld.JsonOf(begun, 201))["id"]!;
        await world.PutPartsAsync(id, content, [1, 0]);
        using var complete = await world.CompleteAsync(id);
        return complete.StatusCode;
    }

    private async Task<HttpStatusCode> TusAsync(string scope, int number, byte[] content)
    {
        using var created = await world.TusAsync(
            HttpMethod.Post, $"api/v1/scopes/{scope}/tus", null, ("Upload-Length", $"{content.Length}"), ("Upload-Metadata", TusWorld.Metadata($"q/{number}")));
        if (created.StatusCode != HttpStatusCode.Created)
            return created.StatusCode;
        using var sent = await world.AppendAsync(created.Headers.Location!.OriginalString, 0, content);
        return sent.StatusCode == HttpStatusCode.NoContent ? HttpStatusCode.Created : sent.StatusCode;
    }

    private async Task LeaveAsync(Plan plan)
    {
        var content = plan.Random.Bytes((3 * Chunk) + 17);
        switch (plan.Phase)
        {
            case Phase.InItsBeginning:
                var body = $$"""{"path":"{{plan.Path}}","size":{{content.Length}},"chunkSize":{{Chunk}}}""";
                await BreakOffAsync(plan, "POST", $"scopes/{plan.Scope}/uploads", body.Length, System.Text.Encoding.ASCII.GetBytes(body), "Content-Type: application/json\r\n");
                break;
            case Phase.TusCreated or Phase.InATusBody or Phase.InACheckedTusBody or Phase.PartialTus:
                await LeaveTusAsync(plan, content);
                break;
            case Phase.RefusedWhole:
                var refused = await world.BeginAsync(plan.Scope, new { path = plan.Path, size = content.Length, chunkSize = Chunk, sha256 = Sessions.Hash([1]) });
                await world.PutPartsAsync(refused, content, [2, 0, 3, 1]);
                using (var complete = await world.CompleteAsync(refused))
                    await HttpWorld.JsonOf(complete, 422, "digest-mismatch");
                break;
            default:
                await LeavePartsAsync(plan, await world.BeginAsync(plan.Scope, plan.Path, plan.Phase == Phase.OfUnknownLength ? null : content.Length), content);
                break;
        }
    }

    private async Task LeavePartsAsync(Plan plan, string id, byte[] content)
    {
        switch (plan.Phase)
        {
            case Phase.Probed:
                await world.ProbeAsync(id, (0, plan.Known[..Chunk]), (1, plan.Known[Chunk..]), (2, content[..Chunk]));
                break;
            case Phase.InTheHeadOfAPart:
                await BreakOffAsync(plan, "PUT", $"uploads/{id}/chunks/0", Chunk, []);
                break;
            case Phase.InAPart:
                await world.PutPartsAsync(id, content, [3]);
                await BreakOffAsync(plan, "PUT", $"uploads/{id}/chunks/1", Chunk, content[..plan.Random.Next(1, Chunk)]);
                break;
            case Phase.AfterAPart:
                await BreakOffAsync(plan, "PUT", $"uploads/{id}/chunks/1", Chunk, content[Chunk..(2 * Chunk)]);
                break;
            case Phase.AllPartsNeverCompleted:
                await world.PutPartsAsync(id, content, [0, 1, 2, 3]);
                break;
            case Phase.InAProbe:
                var probe = $$"""{"chunks":[{"index":0,"sha256":"{{Sessions.Hash(plan.Known.AsSpan(0, Chunk))}}"}]}""";
                await BreakOffAsync(plan, "POST", $"uploads/{id}/probe", probe.Length, System.Text.Encoding.ASCII.GetBytes(probe), "Content-Type: application/json\r\n");
                break;
            case Phase.InACompletionThatLacksParts:
                await world.PutPartsAsync(id, content, [0, 2, 3]);
                await BreakOffAsync(plan, "POST", $"uploads/{id}/complete", 0, []);
                break;
            case Phase.OfUnknownLength:
                await world.PutPartsAsync(id, content, [0, 3]);
                break;
        }
    }

    private async Task LeaveTusAsync(Plan plan, byte[] content)
    {
        (string, string)[] partial = plan.Phase == Phase.PartialTus ? [("Upload-Concat", "partial")] : [];
        var url = await world.CreateAsync(plan.Scope, plan.Path, content.Length, partial);
        if (plan.Phase == Phase.PartialTus)
        {
            using var whole = await world.AppendAsync(url, 0, content);
            Assert.Equal(HttpStatusCode.NoContent, whole.StatusCode);
        }
        else if (plan.Phase != Phase.TusCreated)
        {
            using var first = await world.AppendAsync(url, 0, content[..100]);
            Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
            var checksum = plan.Phase == Phase.InACheckedTusBody ? $"Upload-Checksum: sha256 {Convert.ToBase64String(SHA256.HashData(content.AsSpan(100)))}\r\n" : "";
            await BreakOffAsync(
                plan, "PATCH", new Uri(new Uri(world.Host.Url), url).AbsolutePath["/api/v1/".Length..], content.Length - 100, content[100..plan.Random.Next(101, content.Length)],
                $"Tus-Resumable: 1.0.0\r\nUpload-Offset: 100\r\nContent-Type: application/offset+octet-stream\r\n{checksum}");
        }
    }

    // Sends so much of a request and goes, without waiting for any answer.
    private async Task BreakOffAsync(Plan plan, string method, string route, int announced, byte[] sent, string headers = "")
    {
        using var raw = await RawHttp.ConnectAsync(world.Port);
        await raw.WriteAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{method} /api/v1/{route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\nContent-Length: {announced}\r\n{headers}\r\n"));
        await raw.WriteAsync(sent);
        if (plan.Number % 3 == 0)
            await Task.Delay(plan.Random.Next(30));
        if (plan.Reset)
            raw.Reset();
        else
            raw.EndSending();
    }

    /// <param name="Scope">Where it would go.</param>
    /// <param name="Phase">When its client goes.</param>
    /// <param name="Number">Its number.</param>
    /// <param name="Reset">Whether the connection is reset, or only ended.</param>
    /// <param name="Random">Of this session alone.</param>
    /// <param name="Known">What the scope has already.</param>
    private sealed record Plan(string Scope, Phase Phase, int Number, bool Reset, Random Random, byte[] Known)
    {
        public string Path => string.Create(CultureInfo.InvariantCulture, $"left/{Number}");
    }
}
