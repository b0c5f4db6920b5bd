using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Granary.Admin.Api;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer;

/// <summary>Lists everything below a folder while the work on it is already running.</summary>
internal sealed class RemoteTree(GranaryClient client)
{
    // How far the listing may run ahead of the work: far enough that most trees are counted at once.
    private const int Ahead = 20_000;

    /// <summary>The files below <paramref name="folder"/>, in the order of their bytes; totals are set once all are known.</summary>
    public async IAsyncEnumerable<FileItem> WalkAsync(RemotePath folder, TransferTotals totals, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<FileItem>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listing = ListAsync(folder, totals, channel.Writer, stop.Token);
        try
        {
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
                yield return item;
        }
        finally
        {
            await stop.CancelAsync();
            await listing;
        }
    }

    private async Task ListAsync(RemotePath folder, TransferTotals totals, ChannelWriter<FileItem> writer, CancellationToken cancellationToken)
    {
        var (files, bytes) = (0L, 0L);
        try
        {
            await foreach (var page in client.FilesAsync(folder.Scope, folder.FolderPrefix, null, cancellationToken))
            {
                foreach (var item in page.Items ?? [])
                {
                    await writer.WriteAsync(item, cancellationToken);
                    files++;
                    bytes += item.Size;
                }
            }

            (totals.Files, totals.TotalBytes) = (files, bytes);
            writer.Complete();
        }
        catch (Exception error)
        {
            // The reader throws it again, in its own context.
            writer.Complete(error);
        }
    }
}
