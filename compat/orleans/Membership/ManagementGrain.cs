namespace Orleans.Runtime;

internal sealed class ManagementGrain(Silo silo) : Grain, IManagementGrain {
    private IEnumerable<MembershipEntry> Entries(bool onlyActive)
        => silo.Cluster.View.Entries.Values.Where(e => !onlyActive || e.Status == SiloStatus.Active);

    public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false)
        => Task.FromResult(Entries(onlyActive).ToDictionary(e => e.SiloAddress, e => e.Status));

    public Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false) => Task.FromResult(Entries(onlyActive).ToArray());

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => Task.FromResult(Silos()
        .SelectMany(s => s.CountActivations().Select(c => new SimpleGrainStatistic { SiloAddress = s.Address, GrainType = c.Key, ActivationCount = c.Value }))
        .ToArray());

    public Task<int> GetTotalActivationCount() => Task.FromResult(Silos().Sum(s => s.CountActivations().Values.Sum()));
    private IEnumerable<Silo> Silos() => silo.Cluster.View.Active.Select(silo.Cluster.Local).OfType<Silo>();
}
