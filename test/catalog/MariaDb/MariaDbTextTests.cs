using System.Text;
using Granary.Catalog.MariaDb;

namespace Granary.Catalog.Tests.MariaDb;

public sealed class MariaDbTextTests
{
    [Theory]
    [InlineData("SELECT next FROM id WHERE kind = ?1 /*lock*/", "SELECT `next` FROM `id` WHERE `kind` = NULL FOR UPDATE")]
    [InlineData("SELECT 1 FROM scope s WHERE s.id = ?1 /*share*/", "SELECT 1 FROM `scope` `s` WHERE `s`.`id` = NULL LOCK IN SHARE MODE")]
    [InlineData("INSERT INTO usage (tenant) VALUES (?1)", "INSERT INTO `usage` (`tenant`) VALUES (NULL)")]
    [InlineData("SELECT hex(hash), COUNT(*) FROM chunk", "SELECT hex(`hash`), COUNT(*) FROM `chunk`")]
    [InlineData("UPDATE scope SET name = name || '~' || id", "UPDATE `scope` SET `name` = `name` || '~' || `id`")]
    [InlineData("INSERT OR IGNORE INTO a (b) VALUES (?1)", "INSERT IGNORE INTO `a` (`b`) VALUES (NULL)")]
    [InlineData("INSERT INTO a (b, c) VALUES (?1, ?2) ON CONFLICT (b) DO NOTHING", "INSERT IGNORE INTO `a` (`b`, `c`) VALUES (NULL, NULL)")]
    [InlineData(
        "INSERT INTO a (b, c) VALUES (?1, ?2) ON CONFLICT (b) DO UPDATE SET c = c + excluded.c",
        "INSERT INTO `a` (`b`, `c`) VALUES (NULL, NULL) ON DUPLICATE KEY UPDATE `c` = `c` + VALUES(`c`)")]
    [InlineData(
        "INSERT INTO a (b, at) VALUES (?1, ?2) ON CONFLICT (b) DO UPDATE SET at = excluded.at WHERE at < excluded.at",
        "INSERT INTO `a` (`b`, `at`) VALUES (NULL, NULL) ON DUPLICATE KEY UPDATE `at` = CASE WHEN `at` < VALUES(`at`) THEN VALUES(`at`) ELSE `at` END")]
    public void A_statement_is_translated(string common, string expected) =>
        Assert.Equal(expected, MariaDbText.Translate(common, locks: true).ToString());

    [Fact]
    public void A_reader_takes_no_locks() =>
        Assert.Equal("SELECT `a` FROM `b`", MariaDbText.Translate("SELECT a FROM b /*lock*/", locks: false).ToString().Trim());

    [Fact]
    public void Values_are_digits_in_which_nothing_can_be_escaped_from()
    {
        var text = new StringBuilder();
        MariaDbText.Translate("SELECT ?1, ?2, ?3, ?4, ?5, ?1", locks: true).AppendTo(text, [7, -7, "'; DROP TABLE é", new byte[] { 0, 39, 92 }, SqlValue.Null]);
        Assert.Equal("SELECT 7, (-7), _utf8mb4 x'273b2044524f50205441424c4520c3a9', x'00275c', NULL, 7", text.ToString());
    }

    [Fact]
    public void A_script_is_split_outside_quotes_and_comments()
    {
        var statements = MariaDbMigrator.Split("-- first; not one\nINSERT INTO a VALUES ('x; ''y''');\nCREATE TABLE `b;c` (d INT); -- end\n").ToList();
        Assert.Equal(["INSERT INTO a VALUES ('x; ''y''')", "CREATE TABLE `b;c` (d INT)"], statements);
    }
}
