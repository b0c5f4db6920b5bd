using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Granary.ClientApi.Http.Rejections;

/// <summary>Puts a <see cref="RejectionWriter"/> before a connection's output.</summary>
internal sealed class RejectionTransport(IDuplexPipe inner, RejectionState state) : IDuplexPipe
{
    public PipeReader Input => inner.Input;

    public PipeWriter Output { get; } = new RejectionWriter(inner.Output, state);

    /// <summary>Connection middleware.</summary>
    public static ConnectionDelegate Wrap(ConnectionDelegate next) => connection =>
    {
        var state = new RejectionState();
        connection.Features.Set(state);
        connection.Transport = new RejectionTransport(connection.Transport, state);
        return next(connection);
    };
}
