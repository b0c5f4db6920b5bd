using System.Text.Json;
using Granary.TestSupport;

namespace Granary.Stores.Tests;

public sealed class ConfigParserTests : IDisposable
{
    private const string S3 = """{"endpoint":"http://s3.example.org:9000","bucket":"data","accessKey":"AK","secretKey":"SK"}""";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ChunkStoreRules Rules => new() { LocalRoots = [_folder.Path] };

    private ChunkStoreConfigResult Parse(string backend, string json, ChunkStoreRules? rules = null) =>
        ChunkStoreConfigParser.Parse(backend, JsonDocument.Parse(json).RootElement, rules ?? Rules);

    private string[] Fields(string backend, string json, ChunkStoreRules? rules = null) =>
        [.. Parse(backend, json, rules).Failures.Select(f => f.Field["configuration.".Length..])];

    [Fact]
    public void A_local_store_is_a_directory_under_a_root()
    {
        var path = _folder.Make("one");
        var result = Parse("local", $$"""{"path":"{{path}}/","silo":"silo-0"}""");
        Assert.Equal(new LocalStoreConfig { Path = path, Silo = "silo-0" }, result.Config);
        Assert.Null(result.Credentials);
    }

    [Theory]
    [Trait("Behaviour", "D60")]
    [InlineData("""{}""", "path")]
    [InlineData("""{"path":null}""", "path")]
    [InlineData("""{"path":7}""", "path")]
    [InlineData("""{"path":""}""", "path")]
    [InlineData("""{"path":"relative"}""", "path")]
    [InlineData("""{"path":"ROOT/../etc"}""", "path")]
    [InlineData("""{"path":"ROOT/./x"}""", "path")]
    [InlineData("""{"path":"ROOT/missing"}""", "path")]
    [InlineData("""{"path":"/etc"}""", "path")]
    [InlineData("""{"path":"ROOTx"}""", "path")]
    [InlineData("""{"path":"ROOT/link"}""", "path")]
    [InlineData("""{"path":"ROOT","bucket":"b"}""", "bucket")]
    [InlineData("""{"path":"ROOT","path":"ROOT"}""", "path")]
    public void Local_stores_anywhere_else_or_with_other_members_are_refused(string json, string field)
    {
        Directory.CreateSymbolicLink(_folder["link"], "/etc");
        Assert.Equal([field], Fields("local", json.Replace("ROOT", _folder.Path, StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_roots_no_local_store_can_be_made() =>
        Assert.Contains("no root", Parse("local", $$"""{"path":"{{_folder.Path}}"}""", new()).Failures.Single().Sentence, StringComparison.Ordinal);

    [Fact]
    [Trait("Behaviour", "D57")]
    [Trait("Behaviour", "D58")]
    public void An_s3_store_has_defaults_and_its_secrets_apart()
    {
        var result = Parse("s3", S3);
        Assert.Equal(new S3StoreConfig { Endpoint = new("http://s3.example.org:9000"), Bucket = "data" }, result.Config);
        Assert.Equal(new StoreCredentials("AK", "SK"), result.Credentials);
        Assert.DoesNotContain("SK", result.Credentials!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("SK", ChunkStoreConfigParser.Serialize(result.Config!), StringComparison.Ordinal);
        var config = (S3StoreConfig)result.Config!;
        Assert.Null(config.StorageClass);
        Assert.Equal(S3Checksums.Sha256, config.Checksums);
    }

    [Fact]
    public void Every_member_of_an_s3_store_is_read_and_written_back()
    {
        var result = Parse("s3", """
            {"endpoint":"https://a","externalEndpoint":"https://b:1","region":"eu-1","bucket":"my.bucket-1","prefix":"x/y",
             "accessKey":"AK","secretKey":"SK","storageClass":"GLACIER_IR","forcePathStyle":false,"checksums":"none"}
            """);
        Assert.Equal(
            new S3StoreConfig
            {
                Endpoint = new("https://a"),
                ExternalEndpoint = new("https://b:1"),
                Region = "eu-1",
                Bucket = "my.bucket-1",
                Prefix = "x/y/",
                StorageClass = "GLACIER_IR",
                ForcePathStyle = false,
                Checksums = S3Checksums.None,
            },
            result.Config);
        Assert.Equal(result.Config, ChunkStoreConfigParser.Deserialize("s3", ChunkStoreConfigParser.Serialize(result.Config!)));
        var local = new LocalStoreConfig { Path = "/a/b" };
        Assert.Equal(local, ChunkStoreConfigParser.Deserialize("local", ChunkStoreConfigParser.Serialize(local)));
    }

    [Theory]
    [Trait("Behaviour", "D59")]
    [InlineData("""{"endpoint":"http://a","bucket":"data"}""", "accessKey secretKey")]
    [InlineData("""{"endpoint":"http://a","bucket":"data","accessKey":"","secretKey":null}""", "accessKey secretKey")]
    [InlineData("""{"endpoint":"http://a","bucket":"data","accessKey":"A","secretKey":"b c"}""", "secretKey")]
    public void Missing_or_malformed_credentials_are_refused(string json, string fields)
    {
        var failures = Parse("s3", json).Failures;
        Assert.Equal(fields.Split(' '), failures.Select(f => f.Field["configuration.".Length..]));
        Assert.DoesNotContain(failures, f => f.Sentence.Contains("b c", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("endpoint", "\"ftp://a\"")]
    [InlineData("endpoint", "\"http://a/path\"")]
    [InlineData("endpoint", "\"http://user:pw@a\"")]
    [InlineData("endpoint", "\"a:9000\"")]
    [InlineData("endpoint", "1")]
    [InlineData("externalEndpoint", "\"nowhere\"")]
    [InlineData("bucket", "\"UPPER\"")]
    [InlineData("bucket", "\"ab\"")]
    [InlineData("bucket", "\"a..b\"")]
    [InlineData("prefix", "\"/x\"")]
    [InlineData("prefix", "\"x//y\"")]
    [InlineData("prefix", "\"../y\"")]
    [InlineData("prefix", "\"a b\"")]
    [InlineData("storageClass", "\"GLACIER;\"")]
    [InlineData("forcePathStyle", "\"yes\"")]
    [InlineData("checksums", "\"md5\"")]
    [InlineData("region", "\"eu\\u0000\"")]
    [InlineData("path", "\"/x\"")]
    public void Each_wrong_member_of_an_s3_store_is_named(string member, string value)
    {
        var members = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(S3)!;
        members[member] = JsonDocument.Parse(value).RootElement;
        Assert.Equal([member], Fields("s3", JsonSerializer.Serialize(members)));
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once() =>
        Assert.Equal(["endpoint", "bucket", "checksums", "accessKey", "secretKey", "unknown"], Fields("s3", """{"endpoint":"x","bucket":"B","checksums":"crc","unknown":1}"""));

    [Fact]
    public void Endpoints_outside_the_allow_list_are_refused_where_there_is_one()
    {
        var rules = new ChunkStoreRules { S3Endpoints = [new("http://s3.example.org:9000")] };
        Assert.Empty(Fields("s3", S3, rules));
        Assert.Equal(["endpoint"], Fields("s3", S3.Replace(":9000", ":9001", StringComparison.Ordinal), rules));
        Assert.Equal(["endpoint"], Fields("s3", S3.Replace("http:", "https:", StringComparison.Ordinal), rules));
    }

    [Theory]
    [InlineData("ftp")]
    [InlineData("")]
    [InlineData(null)]
    public void Unknown_backends_are_refused(string? backend) =>
        Assert.Equal("backend", ChunkStoreConfigParser.Parse(backend, JsonDocument.Parse("{}").RootElement, Rules).Failures.Single().Field);

    [Fact]
    [Trait("Behaviour", "D50")]
    public void Secrets_of_an_existing_store_may_change_and_its_place_may_not()
    {
        var current = (S3StoreConfig)Parse("s3", S3).Config!;
        var credentials = new StoreCredentials("AK", "SK");
        Assert.Equal(new StoreCredentials("AK", "new"), Change("""{"secretKey":"new"}""").Credentials);
        Assert.Equal(credentials, Change("""{"bucket":"data","endpoint":"http://s3.example.org:9000"}""").Credentials);
        Assert.Equal("configuration.bucket", Change("""{"bucket":"other"}""").Failures.Single().Field);
        Assert.Equal("configuration.prefix", Change("""{"prefix":"x/","secretKey":"new"}""").Failures.Single().Field);
        Assert.Equal("configuration.accessKey", Change("""{"accessKey":null}""").Failures.Single().Field);
        Assert.Equal("configuration.path", Change("""{"path":"/x"}""").Failures.Single().Field);

        ChunkStoreConfigResult Change(string json) => ChunkStoreConfigParser.ParseChange(current, credentials, JsonDocument.Parse(json).RootElement);
    }
}
