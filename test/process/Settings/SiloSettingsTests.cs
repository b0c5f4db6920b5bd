using System.Net;
using Granary.Silo.Configuration;
using Granary.TestSupport;
using Microsoft.Extensions.Logging;

namespace Granary.Process.Tests.Settings;

public sealed class SiloSettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-settings-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Without_settings_the_defaults_are_loopback_8080_and_256_MiB_of_buffers()
    {
        var settings = Read();
        Assert.Equal(IPAddress.Loopback, settings.Http.Listen);
        Assert.Equal(8080, settings.Http.Port);
        Assert.Equal(256L << 20, settings.Storage.BufferBytes);
        Assert.Equal(Path.Combine(_folder.FullName, "stores"), Assert.Single(settings.Storage.StoreRoots));
        Assert.Equal("silo-1", settings.Name);
        Assert.Equal(LogLevel.Information, settings.LogLevel);
        Assert.Null(settings.Secrets.OperatorKey);
        Assert.Null(settings.Secrets.EncryptionKey);
    }

    [Fact]
    public void All_errors_are_told_at_once_with_name_value_and_fix()
    {
        var failure = Assert.Throws<InvalidSettingsException>(() => Read(
            ("GRANARY_PORT", "70000"), ("GRANARY_LISTEN", "localhost"), ("GRANARY_BUFFER_BYTES", "1MiB"),
            ("GRANARY_LOG_LEVEL", "loud"), ("GRANARY_SILO_NAME", "Silo 1"), ("GRANARY_PATH_BASE", "granary"),
            ("GRANARY_TRUSTED_PROXIES", "10.0.0.0/8, proxy"), ("GRANARY_CORS_ORIGINS", "files.example.org"),
            ("GRANARY_STORE_ROOTS", "relative"), ("GRANARY_S3_ENDPOINTS", "s3.example.org"),
            ("GRANARY_OPERATOR_KEY", "short"), ("GRANARY_ENCRYPTION_KEY", "AAAA")));
        Assert.Equal(12, failure.Errors.Count);
        Assert.Contains("GRANARY_PORT is '70000': give a whole number from 0 to 65535.", failure.Errors);
        Assert.DoesNotContain(failure.Errors, error => error.Contains("short", StringComparison.Ordinal) || error.Contains("AAAA", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("65535", true)]
    [InlineData("65536", false)]
    [InlineData("-1", false)]
    [InlineData("80 80", false)]
    public void A_port_is_a_whole_number_from_0_to_65535(string port, bool valid) =>
        Assert.Equal(valid, Record.Exception(() => Read(("GRANARY_PORT", port))) is null);

    [Theory]
    [InlineData("64MiB", 67108864L)]
    [InlineData("67108864", 67108864L)]
    [InlineData("1.5GiB", 1610612736L)]
    [InlineData("67108863", null)]
    [InlineData("64MB", null)]
    [InlineData("", 268435456L)]
    public void Buffers_are_a_size_of_at_least_64_MiB(string text, long? bytes)
    {
        if (bytes is null)
        {
            Assert.Throws<InvalidSettingsException>(() => Read(("GRANARY_BUFFER_BYTES", text)));
        }
        else
        {
            Assert.Equal(bytes, Read(("GRANARY_BUFFER_BYTES", text)).Storage.BufferBytes);
        }
    }

    [Fact]
    [Trait("Behaviour", "A6")]
    public void A_secret_comes_from_a_file_with_white_space_stripped()
    {
        var file = Path.Combine(_folder.FullName, "key");
        File.WriteAllText(file, "  gk_op_0123456789abcdef\r\n\n");
        Assert.Equal("gk_op_0123456789abcdef", Read(("GRANARY_OPERATOR_KEY_FILE", file)).Secrets.OperatorKey);
    }

    [Fact]
    [Trait("Behaviour", "A6")]
    public void A_secret_file_that_is_missing_or_empty_or_rivals_the_variable_is_an_error()
    {
        var empty = Path.Combine(_folder.FullName, "empty");
        File.WriteAllText(empty, "\n");
        Assert.Throws<InvalidSettingsException>(() => Read(("GRANARY_OPERATOR_KEY_FILE", empty)));
        Assert.Throws<InvalidSettingsException>(() => Read(("GRANARY_OPERATOR_KEY_FILE", empty + ".missing")));
        Assert.Throws<InvalidSettingsException>(() => Read(("GRANARY_OPERATOR_KEY", new string('k', 32)), ("GRANARY_OPERATOR_KEY_FILE", empty)));
    }

    [Fact]
    public void Effective_settings_never_show_a_secret()
    {
        var secret = Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray());
        var settings = Read(("GRANARY_OPERATOR_KEY", "an-operator-key-of-length"), ("GRANARY_ENCRYPTION_KEY", secret));
        Assert.Equal(32, settings.Secrets.EncryptionKey!.Length);
        Assert.DoesNotContain(settings.Effective, setting => setting.Value.Contains("an-operator", StringComparison.Ordinal) || setting.Value.Contains(secret, StringComparison.Ordinal));
        Assert.Equal(2, settings.Effective.Count(setting => setting is { IsSecret: true, Value: "(secret)" }));
    }

    [Fact]
    public void The_configuration_page_lists_exactly_the_settings_there_are()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var listed = page.Split('\n').Where(line => line.StartsWith("| `GRANARY_", StringComparison.Ordinal)).Select(line => line.Split('`')[1]).Order().ToArray();
        var real = Read().Effective.SelectMany(setting => setting.IsSecret ? [setting.Name, setting.Name + "_FILE"] : new[] { setting.Name }).Order().ToArray();
        Assert.Equal(real, listed);
    }

    [Fact]
    public void The_configuration_page_tells_the_real_defaults()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        Assert.All(Read().Effective.Where(setting => setting.Name is "GRANARY_PORT" or "GRANARY_LISTEN" or "GRANARY_SILO_NAME" or "GRANARY_LOG_LEVEL"), setting =>
            Assert.Contains(page.Split('\n'), line => line.StartsWith($"| `{setting.Name}` |", StringComparison.Ordinal) && line.Contains($"`{setting.Value}`", StringComparison.Ordinal)));
    }

    private SiloSettings Read(params (string Name, string Value)[] variables) =>
        SiloSettings.Read(variables.ToDictionary(pair => pair.Name, pair => pair.Value), _folder.FullName);
}
