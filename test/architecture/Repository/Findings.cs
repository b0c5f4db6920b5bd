using Xunit.Sdk;

namespace Granary.Architecture.Tests.Repository;

/// <summary>Asserts that a rule has no offender, and names every one at once where it has.</summary>
internal static class Findings
{
    public static void None(string rule, IEnumerable<string> offenders)
    {
        var list = offenders.ToArray();
        if (list.Length > 0)
        {
            throw new XunitException($"{rule}:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", list)}");
        }
    }
}
