using System.Net;
using Granary.Crash.Tests.Model;
using Granary.TestSupport;

namespace Granary.Crash.Tests.Load;

/// <summary>Begins uploads and vanishes in the middle of them: none of them may ever appear.</summary>
internal sealed class Vanisher(ApiClient api, ScopeModel scope, Random random)
{
    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var size = random.Next(3) == 0 ? random.Next(Content.PutChunkBytes, 3 * Content.PutChunkBytes) : random.Next(2, 200_000);
            using var content = new HalfContent(random.Bytes(random.Next(1, size)), size);
            try
            {
                using var response = await api.Http.PutAsync(ApiClient.FileUrl(scope.Name, $"vanished/{random.Next(4)}"), content, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    api.Wrong.Enqueue($"Half of a body of {size} bytes was taken for the whole.");
                }
            }
            catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
            {
                if (ended.InnerException is HalfContent.VanishedException || ended is OperationCanceledException)
                {
                    continue;
                }

                if (ended is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
                {
                    return;
                }
            }
        }
    }

    /// <summary>Announces more than it sends, then breaks the connection.</summary>
    private sealed class HalfContent : HttpContent
    {
        private readonly byte[] _sent;
        private readonly long _announced;

        public HalfContent(byte[] sent, long announced) => (_sent, _announced) = (sent, announced);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_sent);
            await stream.FlushAsync();
            throw new VanishedException();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _announced;
            return true;
        }

        internal sealed class VanishedException : IOException;
    }
}
