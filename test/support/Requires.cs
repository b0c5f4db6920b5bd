using Xunit.Abstractions;
using Xunit.Sdk;

namespace Granary.TestSupport;

/// <summary>Something outside the process that a test needs. Missing: skipped with a reason, but with CI=true the test runs and fails.</summary>
public static class Requirement
{
    /// <summary>True where a missing server is a failure.</summary>
    public static bool IsCi => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>The reason to skip, where skipping is allowed.</summary>
    public static string? SkipReason(string? missing) => IsCi ? null : missing;
}

/// <summary>A test that needs the S3 server.</summary>
public sealed class S3FactAttribute : FactAttribute
{
    /// <summary>Skips where there is none.</summary>
    public S3FactAttribute() => Skip = Requirement.SkipReason(S3Server.Missing);
}

/// <summary>A theory that needs the S3 server.</summary>
public sealed class S3TheoryAttribute : TheoryAttribute
{
    /// <summary>Skips where there is none.</summary>
    public S3TheoryAttribute() => Skip = Requirement.SkipReason(S3Server.Missing);
}

/// <summary>A test that mounts a file system of its own.</summary>
public sealed class MountFactAttribute : FactAttribute
{
    /// <summary>Skips where that is not permitted.</summary>
    public MountFactAttribute() => Skip = Requirement.SkipReason(MountNamespace.Missing);
}

/// <summary>On a class that inherits a suite: its <see cref="SuiteFactAttribute"/> tests need the S3 server.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RequiresS3Attribute : Attribute;

/// <summary>A test of a suite that several classes inherit; it is skipped where the inheriting class needs what is missing.</summary>
[XunitTestCaseDiscoverer("Granary.TestSupport.SuiteFactDiscoverer", "Granary.TestSupport")]
public sealed class SuiteFactAttribute : FactAttribute;

/// <summary>Finds the tests of suites.</summary>
public sealed class SuiteFactDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        yield return new SuiteTestCase(
            diagnostics, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod);
    }
}

/// <summary>A theory of a suite that several classes inherit.</summary>
[XunitTestCaseDiscoverer("Granary.TestSupport.SuiteTheoryDiscoverer", "Granary.TestSupport")]
public sealed class SuiteTheoryAttribute : TheoryAttribute;

/// <summary>Finds the theories of suites.</summary>
public sealed class SuiteTheoryDiscoverer(IMessageSink diagnostics) : TheoryDiscoverer(diagnostics)
{
    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow)
    {
        yield return new SuiteTestCase(
            DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow);
    }
}

/// <summary>One test of a suite in one inheriting class.</summary>
public sealed class SuiteTestCase : XunitTestCase
{
    /// <summary>For deserialisation by the framework.</summary>
    [Obsolete("Called by the deserializer")]
    public SuiteTestCase()
    {
    }

    /// <summary>Makes a test case.</summary>
    public SuiteTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, object[]? arguments = null)
        : base(diagnostics, display, options, method, arguments)
    {
    }

    /// <inheritdoc/>
    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        Needs(typeof(RequiresS3Attribute)) ? Requirement.SkipReason(S3Server.Missing)
            : Needs(typeof(RequiresMariaDbAttribute)) ? Requirement.SkipReason(MariaDbServer.Missing)
            : base.GetSkipReason(factAttribute);

    private bool Needs(Type requirement) => TestMethod.TestClass.Class.GetCustomAttributes(requirement).Any();
}

/// <summary>A test that needs a Redis server.</summary>
public sealed class RedisFactAttribute : FactAttribute
{
    /// <summary>Skips where there is none.</summary>
    public RedisFactAttribute() => Skip = Requirement.SkipReason(RedisServer.Missing);
}

/// <summary>A test that needs a MariaDB server.</summary>
public sealed class MariaDbFactAttribute : FactAttribute
{
    /// <summary>Skips where there is none.</summary>
    public MariaDbFactAttribute() => Skip = Requirement.SkipReason(MariaDbServer.Missing);
}

/// <summary>A test that kills or stops a MariaDB server, one of its own.</summary>
public sealed class OwnMariaDbFactAttribute : FactAttribute
{
    /// <summary>Skips where none can be started.</summary>
    public OwnMariaDbFactAttribute() => Skip = Requirement.SkipReason(MariaDbServer.MissingOwn);
}

/// <summary>On a class that inherits a suite: its <see cref="SuiteFactAttribute"/> tests need the MariaDB server.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RequiresMariaDbAttribute : Attribute;

/// <summary>A theory that needs a MariaDB server.</summary>
public sealed class MariaDbTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips where there is none.</summary>
    public MariaDbTheoryAttribute() => Skip = Requirement.SkipReason(MariaDbServer.Missing);
}
