using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

[GenerateSerializer, Immutable]
public readonly record struct IdSpan {
    [Id(0)] private readonly string? _value;
    private IdSpan(string value) => _value = value;
    public static IdSpan Create(string id) => new(id);
    public override string ToString() => _value ?? "";

    /// <summary>The same in every process (FNV-1a).</summary>
    public uint GetUniformHashCode() {
        var hash = 2166136261u;
        foreach (var c in ToString())
            hash = (hash ^ c) * 16777619u;
        return hash;
    }
}

[GenerateSerializer, Immutable]
public readonly record struct GrainType {
    public GrainType(IdSpan id) => Value = id;
    [Id(0)] public IdSpan Value { get; }
    public override string ToString() => Value.ToString();

    public static GrainType Create(string value) {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        return new(IdSpan.Create(value));
    }
}

/// <summary>Printed as "class/key".</summary>
[GenerateSerializer, Immutable]
public readonly record struct GrainId {
    public GrainId(GrainType type, IdSpan key) => (Type, Key) = (type, key);
    [Id(0)] public GrainType Type { get; }
    [Id(1)] public IdSpan Key { get; }
    public static GrainId Create(GrainType type, IdSpan key) => new(type, key);
    public static GrainId Parse(string value) => value.IndexOf('/') is var slash and >= 0
        ? new(new GrainType(IdSpan.Create(value[..slash])), IdSpan.Create(value[(slash + 1)..]))
        : throw new ArgumentException($"Unable to parse \"{value}\" as a grain id");
    public uint GetUniformHashCode() => (Type.Value.GetUniformHashCode() * 31) + Key.GetUniformHashCode();
    public override string ToString() => $"{Type}/{Key}";
}

public readonly record struct StreamId {
    private readonly string _text;
    private StreamId(string text) => _text = text;
    public static StreamId Create(string? ns, string key) => new($"{ns ?? "null"}/{key}");
    public override string ToString() => _text;
}

/// <summary>One run of one silo: where it listens, and a generation that differs from run to run; negative for clients.</summary>
[Immutable]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress> {
    private SiloAddress(IPEndPoint endpoint, int generation) => (Endpoint, Generation) = (endpoint, generation);
    public static SiloAddress Zero { get; } = New(new IPAddress(0), 0, 0);
    public IPEndPoint Endpoint { get; }
    public int Generation { get; }
    public bool IsClient => Generation < 0;
    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);
    public string ToParsableString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint.Address}:{Endpoint.Port}@{Generation}");

    public static SiloAddress FromParsableString(string addr)
        => addr.LastIndexOf('@') is var at and >= 0 && IPEndPoint.TryParse(addr.AsSpan(0, at), out var endpoint)
            && int.TryParse(addr.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation)
            ? new(endpoint, generation) : throw new FormatException("Invalid string SiloAddress: " + addr);

    public bool Equals(SiloAddress? other) => other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);
    public override bool Equals(object? obj) => Equals(obj as SiloAddress);
    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);
    public int GetConsistentHashCode() => unchecked((int)IdSpan.Create(ToParsableString()).GetUniformHashCode());
    public int CompareTo(SiloAddress? other) => other is null ? 1 : string.CompareOrdinal(ToParsableString(), other.ToParsableString());
    public override string ToString() => "S" + ToParsableString();
}
