using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>One method of a grain interface, prepared once: how its arguments travel, how it is called, what its attributes say.</summary>
internal sealed class GrainMethod {
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> All = [];
    private static readonly ConcurrentDictionary<string, GrainMethod> ByKey = new(StringComparer.Ordinal);
    private readonly Codec[] _parameters;
    private readonly bool[] _immutable;
    private readonly Codec? _result;
    private readonly bool _immutableResult;
    private readonly int _token;

    private GrainMethod(MethodInfo info) {
        Info = info;
        if (info.ContainsGenericParameters)
            throw new NotSupportedException($"{info.DeclaringType}.{info.Name}: generic grain methods are not supported.");
        var parameters = info.GetParameters();
        _token = Array.FindIndex(parameters, p => p.ParameterType == typeof(CancellationToken));
        _parameters = [.. parameters.Select(p => p.ParameterType == typeof(CancellationToken) ? null! : Codecs.Get(p.ParameterType))];
        _immutable = [.. parameters.Select(p => p.IsDefined(typeof(ImmutableAttribute)))];
        _immutableResult = info.ReturnParameter.IsDefined(typeof(ImmutableAttribute));
        Timeout = info.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        AlwaysInterleave = info.IsDefined(typeof(AlwaysInterleaveAttribute));
        ReadOnly = info.IsDefined(typeof(ReadOnlyAttribute));
        OneWay = info.IsDefined(typeof(OneWayAttribute));
        Key = $"{TypeNames.Format(info.DeclaringType!)}|{info}";
        var result = info.ReturnType.IsGenericType ? info.ReturnType.GetGenericArguments()[0] : null;
        _result = result is null ? null : Codecs.Get(result);
        var kind = info.ReturnType.IsGenericType ? info.ReturnType.GetGenericTypeDefinition() : info.ReturnType;
        var wrap = kind == typeof(Task) || kind == typeof(Task<>) ? "AsTask" : kind == typeof(ValueTask) ? "AsValueTask"
            : kind == typeof(ValueTask<>) ? "AsTypedValueTask" : kind == typeof(void) ? "AsNothing"
            : throw new NotSupportedException($"{info.DeclaringType}.{info.Name}: grain methods return Task or ValueTask.");
        Invoke = CompileInvoke(info, result);
        var call = typeof(LocalCall<>).MakeGenericType(result ?? typeof(object));
        Return = call.GetMethod(wrap)!.CreateDelegate<Func<LocalCall, object?>>();
        var runtime = Expression.Parameter(typeof(CallRuntime));
        NewCall = Expression.Lambda<Func<CallRuntime, LocalCall>>(Expression.New(call.GetConstructors()[0], runtime, Expression.Constant(this)), runtime).Compile();
    }

    public MethodInfo Info { get; }
    public string Key { get; }
    public TimeSpan? Timeout { get; }
    public bool AlwaysInterleave { get; }
    public bool ReadOnly { get; }
    public bool OneWay { get; }
    public Func<object, object?[], ValueTask<object?>> Invoke { get; }
    public Func<LocalCall, object?> Return { get; } // what the caller gets of a call: a task of the declared kind
    public Func<CallRuntime, LocalCall> NewCall { get; }

    public static GrainMethod Of(MethodInfo info) => All.TryGetValue(info, out var known) ? known : All.GetOrAdd(info, static i => {
        var method = new GrainMethod(i);
        ByKey[method.Key] = method;
        return method;
    });

    public static GrainMethod Of(string key) {
        if (ByKey.TryGetValue(key, out var known))
            return known;
        var bar = key.IndexOf('|');
        return Of(TypeNames.Parse(key[..bar]).GetMethods().Single(m => m.ToString() == key[(bar + 1)..]));
    }

    /// <summary>Types in a method's signature that have no codec.</summary>
    public static IEnumerable<string> Complaints(MethodInfo info) {
        var types = info.GetParameters().Select(p => p.ParameterType).Where(t => t != typeof(CancellationToken)).Concat(info.ReturnType.GetGenericArguments());
        return types.Where(t => Codecs.Find(t) is null).Select(t => $"{t} in {info.DeclaringType}.{info.Name}");
    }

    public CancellationToken TakeToken(object?[] args) => _token >= 0 && args[_token] is CancellationToken token ? token : default;

    public void PutToken(object?[] args, CancellationToken token) {
        if (_token >= 0)
            args[_token] = token;
    }

    public object?[] CopyArguments(object?[] args, CallRuntime runtime) {
        for (var i = 0; i < args.Length; i++) {
            if (i != _token)
                args[i] = Copy(_parameters[i], _immutable[i], args[i], runtime);
        }
        return args;
    }

    public object? CopyResult(object? value, CallRuntime runtime) => _result is null ? null : Copy(_result, _immutableResult, value, runtime);

    public ReadOnlyMemory<byte> WriteArguments(object?[] args) {
        var writer = new Writer(sharing: false);
        for (var i = 0; i < args.Length; i++) {
            if (i != _token)
                _parameters[i].WriteDeclared(writer, args[i]);
        }
        return writer.Written;
    }

    public object?[] ReadArguments(ReadOnlyMemory<byte> bytes, CallRuntime runtime) {
        var reader = new Reader(bytes, null, runtime);
        var args = new object?[_parameters.Length];
        for (var i = 0; i < args.Length; i++)
            args[i] = i == _token ? CancellationToken.None : _parameters[i].ReadDeclared(reader);
        return args;
    }

    public ReadOnlyMemory<byte> WriteResult(object? value) {
        var writer = new Writer(sharing: false);
        if (value is not null)
            _result?.WriteDeclared(writer, value);
        return writer.Written;
    }

    public object? ReadResult(ReadOnlyMemory<byte> bytes, CallRuntime runtime)
        => bytes.Length == 0 ? null : _result?.ReadDeclared(new Reader(bytes, null, runtime));

    private static object? Copy(Codec codec, bool immutable, object? value, CallRuntime runtime) {
        if (!immutable || value is null)
            return codec.Copy(value, runtime);
        _ = Codecs.Get(value.GetType()); // Shared, but refused if it could not travel.
        return value;
    }

    private static Func<object, object?[], ValueTask<object?>> CompileInvoke(MethodInfo info, Type? result) {
        var grain = Expression.Parameter(typeof(object));
        var args = Expression.Parameter(typeof(object?[]));
        var call = Expression.Call(
            Expression.Convert(grain, info.DeclaringType!), info,
            info.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(args, Expression.Constant(i)), p.ParameterType)));
        Expression body = info.ReturnType == typeof(void) ? Expression.Block(call, Expression.Default(typeof(ValueTask<object?>)))
            : Expression.Call(typeof(Returned), nameof(Returned.Of), result is null ? null : [result], call);
        return Expression.Lambda<Func<object, object?[], ValueTask<object?>>>(body, grain, args).Compile();
    }
}

/// <summary>Brings the four kinds of results under one.</summary>
internal static class Returned {
    public static ValueTask<object?> Of(Task task) {
        return task.IsCompletedSuccessfully ? default : Wait(task);

        static async ValueTask<object?> Wait(Task task) {
            await task;
            return null;
        }
    }

    public static ValueTask<object?> Of<T>(Task<T> task) {
        return task.IsCompletedSuccessfully ? new(task.Result) : Wait(task);

        static async ValueTask<object?> Wait(Task<T> task) => await task;
    }

    public static ValueTask<object?> Of(ValueTask task) => Of(task.AsTask());
    public static ValueTask<object?> Of<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? new(task.Result) : Of(task.AsTask());
}
