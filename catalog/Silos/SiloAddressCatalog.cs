using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Where a living silo of a cluster is.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Epoch">This life of it.</param>
/// <param name="Endpoint">Its internal endpoint: scheme, host and port.</param>
/// <param name="Role"><c>serve</c> or <c>worker</c>.</param>
/// <param name="Version">Version of the product that it runs.</param>
/// <param name="Started">When this life began, by the clock of the silo that began it.</param>
public sealed record SiloAddressInfo(string Silo, SiloEpoch Epoch, string Endpoint, string Role, string Version, DateTimeOffset Started);

/// <summary>Lives of silos as the others of the cluster see them.</summary>
public sealed class SiloAddressCatalog(CatalogDatabase database)
{
    private static readonly Sql DeleteOld = new("DELETE FROM silo_address WHERE silo = ?1 AND epoch <> ?2");

    private static readonly Sql Insert = new("INSERT INTO silo_address (epoch, silo, endpoint, role, version) VALUES (?1, ?2, ?3, ?4, ?5)");

    private static readonly Sql SelectAlive = new("""
        SELECT a.silo, a.epoch, a.endpoint, a.role, a.version, e.started
        FROM silo_address a JOIN silo_epoch e ON e.id = a.epoch WHERE e.ended IS NULL ORDER BY a.silo
        """);

    private static readonly Sql End = new("UPDATE silo_epoch SET ended = ?2 WHERE id = ?1 AND ended IS NULL");

    /// <summary>Says where a life of a silo is reached. Earlier ones of the name are forgotten.</summary>
    public Task AnnounceAsync(SiloAddressInfo address, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                session.Execute(DeleteOld, address.Silo, address.Epoch);
                return session.Execute(Insert, address.Epoch, address.Silo, address.Endpoint, address.Role, address.Version);
            },
            cancellationToken);

    /// <summary>All lives that are not over, by name.</summary>
    public Task<IReadOnlyList<SiloAddressInfo>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<SiloAddressInfo>>(
            static session =>
            {
                var found = new List<SiloAddressInfo>();
                using var rows = session.Query(SelectAlive);
                while (rows.Read())
                {
                    found.Add(new SiloAddressInfo(rows.Text(0), new SiloEpoch(rows.Long(1)), rows.Text(2), rows.Text(3), rows.Text(4), rows.Time(5)));
                }

                return found;
            },
            cancellationToken);

    /// <summary>
    /// Ends the life of a silo that died: it can place, report and commit nothing any more. Unlike a clean end its space stays
    /// charged until its last writes cannot arrive any more (design, Space and quotas).
    /// </summary>
    /// <returns>False when it had ended before.</returns>
    public Task<bool> EndDeadAsync(SiloEpoch epoch, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(End, epoch, session.Now) != 0, cancellationToken);
}
