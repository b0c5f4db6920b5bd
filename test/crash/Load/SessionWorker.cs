using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>
/// Uploads files in parts, in any order, some of them twice; goes on after a restart with the sessions of the life before,
/// whose acknowledged parts must be there; completes, completes again, and aborts.
/// </summary>
internal sealed class SessionWorker(ApiClient api, Contents contents, ScopeModel scope, int number, List<SessionModel> open, Random random)
{
    private const int Paths = 4;

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var session in open.ToArray())
            {
                await ResumeAsync(session);
            }

            while (!cancellationToken.IsCancellationRequested)
            {
                if (await BeginAsync() is { } session && await SendAsync(session))
                {
                    await EndAsync(session);
                }
            }
        }
        catch (ServerGoneException)
        {
            // The sessions are gone on with in the next life.
        }
    }

    private async Task<SessionModel?> BeginAsync()
    {
        var content = contents.ChooseParts(random);
        var path = $"s{number}/p{random.Next(Paths)}";
        var (status, json) = await SendAsync(HttpMethod.Post, $"api/v1/scopes/{scope.Name}/uploads", JsonContent.Create(new { path, size = content.Size, chunkSize = content.ChunkBytes }));
        if (status != HttpStatusCode.Created)
        {
            api.Wrong.Enqueue($"A session was not begun: {(int)status} {json}");
            return null;
        }

        var session = new SessionModel { Id = (string)json!["id"]!, Path = path, Content = content };
        open.Add(session);
        return session;
    }

    private async Task ResumeAsync(SessionModel session)
    {
        var (status, json) = await SendAsync(HttpMethod.Get, $"api/v1/uploads/{session.Id}", null);
        if (session.Aborting && status == HttpStatusCode.NotFound)
        {
            open.Remove(session);
            return;
        }

        var state = (string?)json?["state"];
        if (status != HttpStatusCode.OK || state is not ("open" or "completed") || (state == "completed" && session.Completion is null))
        {
            api.Wrong.Enqueue($"Session {session.Id} after a restart: {(int)status} {json}");
            open.Remove(session);
            return;
        }

        if (session.Completion is { Sequence: > 0 } completion)
        {
            await RepeatAsync(session, completion);
            return;
        }

        var received = json!["received"]!.AsArray().SelectMany(range => Enumerable.Range((int)range!["first"]!, (int)range["last"]! - (int)range["first"]! + 1)).ToHashSet();
        if (!received.IsSupersetOf(session.Acknowledged))
        {
            api.Wrong.Enqueue($"Session {session.Id} has lost the acknowledged parts {string.Join(", ", session.Acknowledged.Except(received))}: {json}");
        }

        session.Acknowledged.UnionWith(received);
        if (await SendAsync(session))
        {
            await EndAsync(session);
        }
    }

    /// <summary>Sends what is not there yet; false when something was refused.</summary>
    private async Task<bool> SendAsync(SessionModel session)
    {
        var parts = Enumerable.Range(0, session.Parts).Where(part => !session.Acknowledged.Contains(part)).ToArray();
        random.Shuffle(parts);
        foreach (var index in parts)
        {
            for (var times = random.Next(8) == 0 ? 2 : 1; times > 0; times--)
            {
                using var bytes = new ByteArrayContent(session.Part(index));
                var (status, json) = await SendAsync(HttpMethod.Put, $"api/v1/uploads/{session.Id}/chunks/{index}", bytes);
                if (status == HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }

                if (status != HttpStatusCode.OK)
                {
                    api.Wrong.Enqueue($"Part {index} of session {session.Id}: {(int)status} {json}");
                    open.Remove(session);
                    return false;
                }

                session.Acknowledged.Add(index);
            }
        }

        return true;
    }

    private async Task EndAsync(SessionModel session)
    {
        if (session.Aborting || random.Next(8) == 0)
        {
            session.Aborting = true;
            var (status, json) = await SendAsync(HttpMethod.Delete, $"api/v1/uploads/{session.Id}", null);
            if (status is not (HttpStatusCode.NoContent or HttpStatusCode.NotFound))
            {
                api.Wrong.Enqueue($"Abort of session {session.Id}: {(int)status} {json}");
            }

            open.Remove(session);
            return;
        }

        session.Completion = new Operation { Kind = OperationKind.Put, Scope = scope.Name, Path = session.Path, Content = session.Content, Session = session.Id };
        await api.AskAsync(session.Completion);
        if (session.Completion.Outcome == Outcome.Done && random.Next(3) == 0)
        {
            await RepeatAsync(session, session.Completion);
        }

        if (session.Completion.Outcome != Outcome.Unknown)
        {
            open.Remove(session);
        }
    }

    // The log says that it was completed: completing it again gives that answer, and changes nothing.
    private async Task RepeatAsync(SessionModel session, Operation completion)
    {
        var (status, json) = await SendAsync(HttpMethod.Post, $"api/v1/uploads/{session.Id}/complete", null);
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Created) || (long?)json!["changeSequence"] != completion.Sequence || (string?)json["etag"] != session.Content.Etag)
        {
            api.Wrong.Enqueue($"Session {session.Id} was completed as change {completion.Sequence}, and completed again: {(int)status} {json}");
        }

        open.Remove(session);
    }

    private async Task<(HttpStatusCode Status, JsonNode? Json)> SendAsync(HttpMethod method, string url, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        try
        {
            using var response = await api.Http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new ServerGoneException(ended);
        }
    }
}
