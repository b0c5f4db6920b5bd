using System.Text.RegularExpressions;
using Granary.TestSupport;

namespace Granary.Process.Tests.Deployment;

/// <summary>A test that renders the Kubernetes manifests.</summary>
public sealed class KubectlFactAttribute : FactAttribute
{
    /// <summary>Skips where the renderer is missing.</summary>
    public KubectlFactAttribute() => Skip = Requirement.SkipReason(Repository.HasProgram("kubectl") ? null : "no kubectl, which renders the manifests");
}

/// <summary>What operators deploy agrees with what the code knows.</summary>
public sealed partial class ManifestTests
{
    private static readonly string s_settings = Read("docs/configuration.md");

    [KubectlFact]
    public void Every_overlay_and_component_renders()
    {
        foreach (var overlay in new[] { "k8s/base", "k8s/overlays/trial", "k8s/overlays/stateless" })
        {
            Assert.Contains("kind: StatefulSet", Render($"resources: [{overlay}]"), StringComparison.Ordinal);
        }

        Assert.Contains("kind: Ingress", Render("resources: [k8s/base]\ncomponents: [k8s/components/ingress]"), StringComparison.Ordinal);
    }

    [KubectlFact]
    public void The_keda_component_takes_the_place_of_the_workers_autoscaler()
    {
        var output = Render("resources: [k8s/base]\ncomponents: [k8s/components/keda]");

        Assert.Single(Regex.Matches(output, "kind: HorizontalPodAutoscaler"));
        Assert.Contains("kind: ScaledObject", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_that_a_manifest_names_exists()
    {
        var client = new[] { "GRANARY_TOKEN", "GRANARY_TOKEN_FILE", "GRANARY_URL" };
        foreach (var file in Manifests())
        {
            foreach (Match match in Setting().Matches(File.ReadAllText(file)))
            {
                Assert.True(
                    client.Contains(match.Value) || s_settings.Contains($"`{match.Value}`", StringComparison.Ordinal),
                    $"{Path.GetRelativePath(Repository.Root, file)} names {match.Value}, which docs/configuration.md does not know.");
            }
        }
    }

    [Fact]
    public void Ports_probes_and_volumes_are_those_of_the_code()
    {
        var settings = Read("silo/Configuration/ClusterOptions.cs") + Read("silo/Configuration/HttpOptions.cs");
        foreach (var (setting, port) in new[] { ("GRANARY_PORT", "8080"), ("GRANARY_INTERNAL_PORT", "8081"), ("GRANARY_SILO_PORT", "11111") })
        {
            Assert.Contains($"\"{setting}\", {port}", settings, StringComparison.Ordinal);
        }

        foreach (var workload in new[] { "k8s/base/silos.yaml", "k8s/base/workers.yaml" })
        {
            var text = Read(workload);
            Assert.Equal(["8080", "8081", "11111"], Regex.Matches(text, @"containerPort: (\d+)").Select(m => m.Groups[1].Value));
            Assert.Equal(["/api/v1/health", "/api/v1/ready"], Regex.Matches(text, @"httpGet: \{ path: ([^,]+),").Select(m => m.Groups[1].Value).Distinct().Order());
            Assert.Contains("mountPath: /data", text, StringComparison.Ordinal);
        }

        Assert.Contains("GRANARY_DATA=/data", Read("Dockerfile"), StringComparison.Ordinal);
        Assert.Equal(["8080", "8081", "11111"], Regex.Match(Read("Dockerfile"), "EXPOSE (.*)").Groups[1].Value.Split(' '));
        Assert.Equal(["8080", "8081", "11111"], Regex.Matches(Read("k8s/base/network.yaml"), @"port: (\d+)").Select(m => m.Groups[1].Value));
    }

    [Fact]
    public void Nothing_runs_as_root_and_every_container_says_what_it_needs()
    {
        Assert.Contains("USER 10001:10001", Read("Dockerfile"), StringComparison.Ordinal);
        Assert.Contains("RestrictedFeed=false", Read("Dockerfile"), StringComparison.Ordinal);
        foreach (var workload in new[] { "k8s/base/silos.yaml", "k8s/base/workers.yaml", "k8s/base/migrate.yaml" })
        {
            var text = Read(workload);
            Assert.Contains("runAsNonRoot: true", text, StringComparison.Ordinal);
            Assert.Contains("readOnlyRootFilesystem: true", text, StringComparison.Ordinal);
            Assert.Contains("requests: { cpu:", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Silos_that_hold_copies_are_never_scaled_in_by_themselves_and_keep_their_volumes()
    {
        Assert.Contains("scaleDown: { selectPolicy: Disabled }", Read("k8s/base/autoscaling.yaml"), StringComparison.Ordinal);
        Assert.Contains("persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }", Read("k8s/base/silos.yaml"), StringComparison.Ordinal);
        Assert.Contains("GRANARY_LOCAL_STORE, value: \"false\"", Read("k8s/overlays/stateless/kustomization.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_files_and_the_script_makes_every_one()
    {
        using var folder = new TempFolder();
        var (code, output) = Repository.Run("sh", [Path.Combine(Repository.Root, "deploy", "make-secrets.sh"), folder["secrets"]]);
        Assert.True(code == 0, output);
        var made = Directory.EnumerateFiles(folder["secrets"]).Select(static file => Path.GetFileName(file)!).ToHashSet();
        var named = Regex.Matches(Read("docker-compose.yml"), @"file: secrets/([a-z0-9-]+)")
            .Concat(Regex.Matches(Read("k8s/base/config.yaml") + Read("k8s/overlays/trial/databases.yaml"), @"/run/secrets/granary/([a-z0-9-]+)"))
            .Select(match => match.Groups[1].Value).ToHashSet();

        Assert.Superset(named, made);
        Assert.Equal(32, Convert.FromBase64String(File.ReadAllText(folder["secrets/encryption-key"])).Length);
        Assert.All(Directory.EnumerateFiles(folder["secrets"]), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        foreach (var secret in new[] { "DATABASE", "CLUSTER_REDIS", "CLUSTER_KEY", "ENCRYPTION_KEY", "OPERATOR_KEY" })
        {
            Assert.DoesNotMatch($"GRANARY_{secret}: ", Read("docker-compose.yml"));
            Assert.DoesNotMatch($"GRANARY_{secret}: ", Read("k8s/base/config.yaml"));
        }
    }

    [Fact]
    public void The_queue_that_workers_scale_by_is_a_metric_of_ours()
    {
        var metric = Regex.Match(Read("k8s/components/keda/scaled-object.yaml"), @"query: max\((\w+)\)").Groups[1].Value;
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "client-api", "Metrics"), "*.cs").Select(File.ReadAllText);
        Assert.Contains(sources, text => text.Contains("\"" + metric.Replace("granary_maintenance_", "granary.maintenance.", StringComparison.Ordinal) + "\"", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Manifests() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "k8s"), "*.yaml", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "docker-compose.yml"))
            .Append(Path.Combine(Repository.Root, "Dockerfile"));

    /// <summary>Renders a kustomization beside a link to the manifests: kustomize wants relative paths below its root.</summary>
    private static string Render(string kustomization)
    {
        using var folder = new TempFolder();
        CopyTree(Path.Combine(Repository.Root, "k8s"), folder["k8s"]);
        File.WriteAllText(folder["kustomization.yaml"], kustomization + "\n");
        var (code, output) = Repository.Run("kubectl", ["kustomize", folder.Path]);
        Assert.True(code == 0, $"{kustomization}: {output}");
        return output;
    }

    private static void CopyTree(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex(@"\bGRANARY_[A-Z0-9_]+\b")]
    private static partial Regex Setting();
}
