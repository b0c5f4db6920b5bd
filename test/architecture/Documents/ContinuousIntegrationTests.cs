using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Documents;

/// <summary>There is one command that tests, and CI is that command.</summary>
public sealed class ContinuousIntegrationTests
{
    [Fact]
    [Trait("Behaviour", "A10")]
    public void CI_runs_the_test_command_and_accepts_no_missing_server()
    {
        var script = Checkout.Read(".ci/run");

        Assert.Contains("export CI=true", script, StringComparison.Ordinal);
        Assert.Contains("exec ./granary test", script, StringComparison.Ordinal);
        // The strict settings are the build's own, so that a plain build and CI agree.
        Assert.Contains("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", Checkout.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_names_the_command_that_CI_runs()
    {
        if (Checkout.Files.Contains("README.md"))
        {
            Assert.Contains("./granary test", Checkout.Read("README.md"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("granary")]
    [InlineData(".ci/run")]
    [InlineData("eng/test.sh")]
    public void Scripts_that_people_run_are_executable(string file)
    {
        Assert.True(OperatingSystem.IsWindows()
            || File.GetUnixFileMode(Path.Combine(Checkout.Root, file)).HasFlag(UnixFileMode.UserExecute));
    }
}
