using Granary.Admin.Commands.Cluster;

namespace Granary.Command.Tests.Pure;

public class HealthAnswerTests
{
    [Theory]
    [InlineData(200, """{"status":"ready","checks":{"catalog":"ok","stores":"ok"}}""", true)]
    [InlineData(200, """{"status":"ready"}""", true)]
    [InlineData(503, """{"status":"unready","checks":{"catalog":"ok","store:cold":"the folder is gone"}}""", false)]
    [InlineData(503, """{"status":"unready","failures":{"catalog":"locked"}}""", false)]
    [InlineData(200, """{"checks":[{"name":"catalog","status":"ok"},{"name":"store cold","healthy":false,"detail":"no"}]}""", false)]
    [InlineData(502, "<html>", false)]
    public void The_report_is_as_healthy_as_its_worst_check(int status, string body, bool healthy)
    {
        var report = HealthAnswer.Read("/x", status, body);
        Assert.Equal(healthy, report.Healthy);
        Assert.Equal(healthy, report.Next is null);
        Assert.NotEmpty(report.Checks);
    }

    [Fact]
    public void The_next_command_looks_at_the_store_that_fails()
    {
        var report = HealthAnswer.Read("/x", 503, """{"checks":{"catalog":"ok","store:cold":"gone"}}""");
        Assert.Equal("granary store show cold", report.Next);
    }

    [Fact]
    public void A_warning_is_told_and_makes_nothing_unhealthy()
    {
        var report = HealthAnswer.Read("/x", 200, """{"status":"healthy","failures":{},"warnings":{"store/local":"It may be full soon."}}""");
        Assert.True(report.Healthy);
        Assert.Equal([("server", "healthy", null), ("store/local", "warning", "It may be full soon.")], report.Checks.Select(check => (check.Name, check.Status, check.Detail)));
    }
}
