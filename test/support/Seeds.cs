using System.Globalization;
using System.Security.Cryptography;
using Xunit.Abstractions;

namespace Granary.TestSupport;

/// <summary>
/// The one source of randomness in tests. The seed is GRANARY_TEST_SEED, or a fresh one, and is printed by every test that
/// asks for it, so that a failure can be repeated.
/// </summary>
public static class Seeds
{
    /// <summary>The environment variable that fixes the seed.</summary>
    public const string Variable = "GRANARY_TEST_SEED";

    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var given)
        ? given
        : uint.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var large)
            ? unchecked((int)large)
            : RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>True where the full counts of repetitions are asked for (GRANARY_TEST_SOAK=1).</summary>
    public static bool Soak => Environment.GetEnvironmentVariable("GRANARY_TEST_SOAK") == "1";

    /// <summary>A generator for one test; prints the seed.</summary>
    /// <param name="output">Where the seed is printed.</param>
    /// <param name="salt">Tells several generators of one test apart.</param>
    public static Random Create(ITestOutputHelper output, int salt = 0)
    {
        output.WriteLine($"{Variable}={unchecked((uint)s_seed)} (salt {salt})");
        return Create(salt);
    }

    /// <summary>A generator whose results decide nothing that a test asserts, such as filler bytes.</summary>
    public static Random Create(int salt = 0)
    {
#pragma warning disable RS0030 // The injected, seeded source itself.
        return new Random(unchecked(s_seed + (salt * 7919)));
#pragma warning restore RS0030
    }

    /// <summary>So many repetitions, or many more when soaking.</summary>
    public static int Times(int usually, int soaking) => Soak ? soaking : usually;

    /// <summary>Filler bytes.</summary>
    public static byte[] Bytes(this Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
