using System.Text.Json.Serialization;

namespace Granary.Catalog;

/// <summary>What an idempotency key of a session's beginning remembers.</summary>
internal sealed record CreatedSession(Guid Upload);

[JsonSerializable(typeof(CreatedSession))]
internal sealed partial class SessionJson : JsonSerializerContext;
