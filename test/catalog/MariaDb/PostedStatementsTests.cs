using System.Text;
using Granary.Catalog.MariaDb;

namespace Granary.Catalog.Tests.MariaDb;

/// <summary>Which statements become one, and which must stay where they are.</summary>
public sealed class PostedStatementsTests
{
    private static readonly Sql s_insertA = new("INSERT INTO a (b, c) VALUES (?1, ?2)");
    private static readonly Sql s_insertD = new("INSERT INTO d (e) VALUES (?1)");
    private static readonly Sql s_updateA = new("UPDATE a SET c = ?2 WHERE b = ?1");
    private static readonly Sql s_updateD = new("UPDATE d SET f = ?2 WHERE e = ?1") { Many = new(1, "UPDATE d SET f = ?2 WHERE e IN (?*)") };
    private static readonly Sql s_readingA = new("DELETE FROM d WHERE e IN (SELECT b FROM a WHERE c = ?1)");

    [Fact]
    public void Rows_of_one_table_become_one_insert_past_other_tables() => Assert.Equal(
        ["INSERT INTO `a` (`b`, `c`) VALUES (1, 2), (3, NULL)", "INSERT INTO `d` (`e`) VALUES (9), (8)"],
        Texts((s_insertA, [1, 2]), (s_insertD, [9]), (s_insertA, [3, SqlValue.Null]), (s_insertD, [8])));

    [Fact]
    public void Nothing_passes_a_change_of_its_own_table() => Assert.Equal(
        ["INSERT INTO `a` (`b`, `c`) VALUES (1, 2)", "UPDATE `a` SET `c` = 5 WHERE `b` = 1", "INSERT INTO `a` (`b`, `c`) VALUES (3, 4)"],
        Texts((s_insertA, [1, 2]), (s_updateA, [1, 5]), (s_insertA, [3, 4])));

    [Fact]
    public void Nothing_passes_a_statement_that_reads_other_tables() => Assert.Equal(
        ["INSERT INTO `a` (`b`, `c`) VALUES (1, 2)", "DELETE FROM `d` WHERE `e` IN (SELECT `b` FROM `a` WHERE `c` = 2)", "INSERT INTO `a` (`b`, `c`) VALUES (3, 4)"],
        Texts((s_insertA, [1, 2]), (s_readingA, [2]), (s_insertA, [3, 4])));

    [Fact]
    public void The_same_change_of_several_rows_becomes_one_and_another_change_stays_apart() => Assert.Equal(
        ["UPDATE `d` SET `f` = 7 WHERE `e` IN (1, 2)", "UPDATE `d` SET `f` = 8 WHERE `e` IN (3)", "UPDATE `d` SET `f` = 7 WHERE `e` IN (4)"],
        Texts((s_updateD, [1, 7]), (s_updateD, [2, 7]), (s_updateD, [3, 8]), (s_updateD, [4, 7])));

    [Fact]
    public void Queries_that_differ_in_one_value_are_asked_together_and_their_rows_find_back()
    {
        var expected = new ExpectedRows();
        expected.Add(new Expected("SELECT c FROM a WHERE b = 2", "SELECT b, c FROM a WHERE b IN (?*)", "2"));
        expected.Add(new Expected("SELECT 1", null, null));
        expected.Add(new Expected("SELECT c FROM a WHERE b = 1", "SELECT b, c FROM a WHERE b IN (?*)", "1"));
        var text = new StringBuilder();
        var statements = expected.MoveTo(text);
        Assert.Equal("SELECT b, c FROM a WHERE b IN (2, 1);\nSELECT 1", text.ToString());

        expected.Put(statements[0], new QueryResult([[1L, 10L], [1L, 11L]], 2));
        var none = expected.Take("SELECT c FROM a WHERE b = 2", keep: false)!;
        Assert.False(none.Read());
        var two = expected.Take("SELECT c FROM a WHERE b = 1", keep: false)!;
        Assert.Equal((true, 10L, true, 11L, false), (two.Read(), two.Long(0), two.Read(), two.Long(0), two.Read()));

        // Rows that were read ahead are given once: the next look is at what the work has done since.
        Assert.Null(expected.Take("SELECT c FROM a WHERE b = 1", keep: false));
    }

    private static string[] Texts(params (Sql Sql, SqlValue[] Values)[] statements)
    {
        var posted = new PostedStatements();
        foreach (var (sql, values) in statements)
        {
            posted.Add(sql, values);
        }

        var text = new StringBuilder();
        posted.MoveTo(text);
        Assert.Equal(0, posted.Length);
        return text.ToString().Split(";\n", StringSplitOptions.RemoveEmptyEntries);
    }
}
