namespace Granary.Catalog;

/// <summary>
/// What is true of the whole installation: its id, which is written into every store, and which of the first start's steps
/// are done.
/// </summary>
public sealed class InstallationCatalog(CatalogDatabase database)
{
    private const string IdName = "id";
    private const string MarkPrefix = "done:";

    private static readonly Sql Select = new("SELECT value FROM installation WHERE name = ?1 /*lock*/");

    private static readonly Sql Insert = new("INSERT INTO installation (name, value, created) VALUES (?1, ?2, ?3)");

    /// <summary>The installation's id; the first caller's proposal becomes it.</summary>
    /// <param name="proposal">A fresh id, used when there is none yet.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<string> GetIdAsync(Guid proposal, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                if (Find(session, IdName) is { } id)
                {
                    return id;
                }

                id = proposal.ToString("n");
                session.Execute(Insert, IdName, id, session.Now);
                return id;
            },
            cancellationToken);

    /// <summary>True when the step was marked as done.</summary>
    public Task<bool> IsDoneAsync(string step, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Find(session, MarkPrefix + step) is not null, cancellationToken);

    /// <summary>Marks a step as done, for good. Repeating it is harmless.</summary>
    public Task MarkDoneAsync(string step, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => Find(session, MarkPrefix + step) is not null || session.Execute(Insert, MarkPrefix + step, "", session.Now) > 0,
            cancellationToken);

    private static string? Find(CatalogSession session, string name)
    {
        using var rows = session.Query(Select, name);
        return rows.Read() ? rows.Text(0) : null;
    }
}
