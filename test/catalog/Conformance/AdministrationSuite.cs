using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class AdministrationSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    [SuiteTheory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("A")]
    [InlineData("a_b")]
    [InlineData("a\n")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task Names_outside_the_rule_are_refused(string name)
    {
        Assert.Equal(AdminStatus.Invalid, (await World.Tenants.CreateAsync(name, new TenantSettings(), null, default)).Result.Status);
        Assert.Equal(AdminStatus.Invalid, (await World.Scopes.CreateAsync(World.Tenant, name, new ScopeSettings(), null, default)).Result.Status);
        Assert.Equal(AdminStatus.Invalid, (await World.Stores.CreateAsync(NewStore(name), null, default)).Result.Status);
    }

    [SuiteFact]
    public async Task A_taken_name_is_a_conflict_and_a_deleted_one_is_free_under_a_new_id()
    {
        Assert.Equal(AdminStatus.Conflict, (await World.Tenants.CreateAsync("acme", new TenantSettings(), null, default)).Result.Status);
        Assert.Equal(AdminStatus.Conflict, (await World.Scopes.CreateAsync(World.Tenant, "main", new ScopeSettings(), null, default)).Result.Status);
        Assert.Equal(AdminStatus.Conflict, (await World.Stores.CreateAsync(NewStore("local"), null, default)).Result.Status);
        await World.PutAsync("a", "1");
        Assert.Equal(AdminStatus.NotEmpty, (await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, false, null, default)).Status);
        Assert.Equal(AdminStatus.Accepted, (await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, true, null, default)).Status);
        Assert.Null(World.Topology.Current.ScopeByName(World.Tenant, "main"));
        var again = await World.CreateScopeAsync("main");
        Assert.NotEqual(World.Scope, again);
        await World.RunBackgroundAsync();
        Assert.Null(World.Topology.Current.Scope(World.Scope));
        Assert.Equal(again, World.Topology.Current.ScopeByName(World.Tenant, "main")!.Id);
        Assert.Equal(new QuotaInfo(null, 0, 0), await World.Tenants.GetUsageAsync(World.Tenant, default));
    }

    [SuiteFact]
    public async Task An_empty_scope_goes_without_force_and_a_tenant_only_without_scopes()
    {
        Assert.Equal(AdminStatus.NotEmpty, (await World.Tenants.DeleteAsync(World.Tenant, null, default)).Status);
        Assert.Equal(AdminStatus.Done, (await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, false, null, default)).Status);
        await World.RunBackgroundAsync();
        Assert.Equal(AdminStatus.Done, (await World.Tenants.DeleteAsync(World.Tenant, null, default)).Status);
        Assert.Null(World.Topology.Current.TenantByName("acme"));
        Assert.NotEqual(World.Tenant, await World.CreateTenantAsync("acme"));
    }

    [SuiteFact]
    [Trait("Behaviour", "D56")]
    public async Task A_new_scope_has_the_store_local_at_100_100_or_a_warning()
    {
        var attachment = Assert.Single(World.Topology.Current.Attachments(World.Scope)).Settings;
        Assert.Equal((World.Store, (int?)100, (int?)100), (attachment.Store, attachment.UploadPriority, attachment.DownloadPriority));
        var poor = (await World.Tenants.CreateAsync("poor", new TenantSettings(), null, default)).Id!.Value;
        var created = await World.Scopes.CreateAsync(poor, "main", new ScopeSettings(), null, default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        Assert.Single(created.Result.Warnings);
        Assert.Empty(World.Topology.Current.Attachments(created.Id!.Value));
    }

    [SuiteTheory]
    [InlineData(-1L, 1, null, "quotaBytes")]
    [InlineData(null, 0, null, "keepVersions")]
    [InlineData(null, 1, -1, "keepDays")]
    public async Task Scope_settings_outside_their_ranges_are_refused(long? quota, int keepVersions, int? keepDays, string field)
    {
        var settings = new ScopeSettings { QuotaBytes = quota, KeepVersions = keepVersions, KeepDays = keepDays };
        Assert.Equal(field, (await World.Scopes.CreateAsync(World.Tenant, "new", settings, null, default)).Result.Field);
        Assert.Equal(field, (await World.Scopes.UpdateAsync(World.Tenant, World.Scope, settings, null, default)).Field);
    }

    [SuiteFact]
    [Trait("Behaviour", "D32")]
    public async Task Populate_goes_with_neither_drain_nor_read_only()
    {
        var settings = new AttachmentSettings { Store = World.Store, Populate = true };
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { Drain = true })).Status);
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { ReadOnly = true })).Status);
        Assert.Equal(AdminStatus.Done, (await PutAsync(settings with { WriteOnly = true })).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D38")]
    public async Task A_target_of_draining_is_checked_when_it_is_set_and_stays_usable()
    {
        var other = await World.CreateStoreAsync("other");
        var settings = new AttachmentSettings { Store = World.Store, Drain = true };
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { DrainTo = other })).Status);
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { DrainTo = World.Store })).Status);
        var target = await World.AttachNewStoreAsync("target", new AttachmentSettings { Store = default, WriteOnly = true });
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { DrainTo = target })).Status);
        await PutAsync(new AttachmentSettings { Store = target });
        Assert.Equal(AdminStatus.Invalid, (await PutAsync(settings with { Drain = false, DrainTo = target })).Status);
        Assert.Equal(AdminStatus.Done, (await PutAsync(settings with { DrainTo = target })).Status);
        Assert.Equal(AdminStatus.Conflict, (await PutAsync(new AttachmentSettings { Store = target, ReadOnly = true })).Status);
        Assert.Equal(AdminStatus.Conflict, (await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, target, default)).Result.Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D52")]
    public async Task Attaching_defaults_to_nothing_and_replaces_everything()
    {
        var store = await World.AttachNewStoreAsync("second");
        var attached = World.Topology.Current.Attachments(World.Scope).Single(attachment => attachment.Settings.Store == store);
        Assert.Equal(new AttachmentSettings { Store = store }, attached.Settings);
        await PutAsync(new AttachmentSettings { Store = store, UploadPriority = 5, SoftMaxSize = 1L << 40 });
        await PutAsync(new AttachmentSettings { Store = store, DownloadPriority = 6 });
        attached = World.Topology.Current.Attachments(World.Scope).Single(attachment => attachment.Settings.Store == store);
        Assert.Equal(new AttachmentSettings { Store = store, DownloadPriority = 6 }, attached.Settings);
        Assert.Equal(AdminStatus.NotFound, (await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, new StoreId(99), default)).Result.Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D55")]
    public async Task A_store_that_is_not_instance_wide_serves_one_scope()
    {
        var store = await World.AttachNewStoreAsync("own");
        await World.Stores.UpdateAsync(store, new FileStoreSettings { InstanceWide = false }, null, default);
        var other = await World.CreateScopeAsync("other");
        var settings = new AttachmentSettings { Store = store };
        Assert.Equal(AdminStatus.Conflict, (await World.Scopes.PutAttachmentAsync(World.Tenant, other, settings, null, default)).Status);
        await World.Stores.UpdateAsync(store, new FileStoreSettings { InstanceWide = true }, null, default);
        Assert.Equal(AdminStatus.Created, (await World.Scopes.PutAttachmentAsync(World.Tenant, other, settings, null, default)).Status);
        var refused = await World.Stores.UpdateAsync(store, new FileStoreSettings { InstanceWide = false }, null, default);
        Assert.Equal((AdminStatus.Conflict, "instanceWide"), (refused.Status, refused.Field));
    }

    [SuiteFact]
    public async Task A_store_that_the_tenant_may_not_use_does_not_exist_for_it()
    {
        var secret = await World.CreateStoreAsync("secret");
        Assert.Equal(AdminStatus.NotFound, (await PutAsync(new AttachmentSettings { Store = secret })).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D53")]
    public async Task Detaching_finds_what_is_only_there_even_while_it_is_being_written()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.PutAsync("both", ["both"]);
        Assert.NotNull(await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, World.Store, default));
        Assert.Null(await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, second, default));
        var upload = NewUpload();
        await World.BeginAsync(upload, "w", 3);
        await World.PlaceAsync(World.Chunk(upload, 0, Hash("new"), 3, candidates: second));
        var earlier = (await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, second, default)).Attempt;
        Assert.Equal(Hash("new"), await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, second, default));
        await World.Scopes.PutBackAsync(World.Tenant, World.Scope, second, earlier, default);
        Assert.Equal(AdminStatus.Conflict, (await World.Scopes.CompleteDetachAsync(World.Tenant, World.Scope, second, earlier, null, default)).Status);
        await World.Uploads.AbortAsync(upload, default);
        await World.RunBackgroundAsync();
        var attempt = (await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, second, default)).Attempt;
        Assert.Equal(AdminStatus.Conflict, (await World.Scopes.CompleteDetachAsync(World.Tenant, World.Scope, second, earlier, null, default)).Status);
        Assert.Null(await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, second, default));
        Assert.Equal(AdminStatus.Done, (await World.Scopes.CompleteDetachAsync(World.Tenant, World.Scope, second, attempt, null, default)).Status);
        Assert.Single(World.Topology.Current.Attachments(World.Scope));
    }

    [SuiteFact]
    [Trait("Behaviour", "D54")]
    public async Task Details_count_chunks_and_bytes_per_store_and_unique_bytes_once()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.PutAsync("a", ["one", "three", "one"]);
        await World.PutAsync("b", ["four"], candidates: second);
        await World.PutAsync("c", ["one"]);
        var details = await World.Scopes.GetDetailsAsync(World.Tenant, World.Scope, default);
        Assert.Equal((18L, 12L, 3L), (details!.LogicalBytes, details.UniqueBytes, details.Files));
        Assert.Equal(new ScopeStoreContent(World.Store, 2, 8), details.Stores.Single(content => content.Store == World.Store));
        Assert.Equal(new ScopeStoreContent(second, 1, 4), details.Stores.Single(content => content.Store == second));
        Assert.Null(await World.Scopes.GetDetailsAsync(World.Tenant, new ScopeId(99), default));
    }

    [SuiteFact]
    public async Task A_key_is_found_by_its_hash_until_it_is_deleted_and_shown_once()
    {
        var operation = new OperationKey("k", "f");
        var request = new NewApiKey { Tenant = World.Tenant, Name = "ci", Rights = ["read", "write"], Scopes = [World.Scope] };
        var created = await World.Keys.CreateAsync(request, operation, default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        Assert.StartsWith($"gk_{created.Id}_", created.Secret, StringComparison.Ordinal);
        var found = World.Topology.Current.KeyBySecretHash(ApiKeyCatalog.HashOf(created.Secret!));
        Assert.Equal((created.Id, World.Tenant, "ci"), (found!.Id, found.Tenant, found.Name));
        Assert.Equal([World.Scope], found.Scopes!);
        var again = await World.Keys.CreateAsync(request, operation, default);
        Assert.Equal((created.Id, (string?)null, true), (again.Id, again.Secret, again.Replayed));
        Assert.Single(World.Topology.Current.Keys(World.Tenant));
        Assert.Equal(AdminStatus.NotFound, (await World.Keys.DeleteAsync(new TenantId(99), created.Id!, null, default)).Status);
        Assert.Equal(AdminStatus.Done, (await World.Keys.DeleteAsync(World.Tenant, created.Id!, null, default)).Status);
        Assert.Null(World.Topology.Current.KeyBySecretHash(ApiKeyCatalog.HashOf(created.Secret!)));
    }

    [SuiteFact]
    public async Task Keys_with_unknown_rights_scopes_or_a_past_end_are_refused()
    {
        var request = new NewApiKey { Tenant = World.Tenant, Name = "x", Rights = ["read"] };
        Assert.Equal("rights", (await World.Keys.CreateAsync(request with { Rights = ["own"] }, null, default)).Result.Field);
        Assert.Equal("rights", (await World.Keys.CreateAsync(request with { Rights = [] }, null, default)).Result.Field);
        Assert.Equal("scopes", (await World.Keys.CreateAsync(request with { Scopes = [new ScopeId(99)] }, null, default)).Result.Field);
        Assert.Equal("scopes", (await World.Keys.CreateAsync(request with { Scopes = [] }, null, default)).Result.Field);
        Assert.Equal("expires", (await World.Keys.CreateAsync(request with { Expires = Clock.GetUtcNow() }, null, default)).Result.Field);
    }

    [SuiteFact]
    public async Task A_repeated_command_gives_the_first_answer_and_another_request_with_its_key_none()
    {
        var operation = new OperationKey("make", "f1");
        var first = await World.Scopes.CreateAsync(World.Tenant, "twice", new ScopeSettings(), operation, default);
        var again = await World.Scopes.CreateAsync(World.Tenant, "twice", new ScopeSettings(), operation, default);
        Assert.Equal((first.Id, true), (again.Id, again.Replayed));
        var other = await World.Scopes.CreateAsync(World.Tenant, "third", new ScopeSettings(), operation with { Fingerprint = "f2" }, default);
        Assert.Equal(AdminStatus.OperationMismatch, other.Result.Status);
    }

    [SuiteFact]
    public async Task The_topology_version_moves_with_every_change_and_never_without_one()
    {
        var version = (await World.Topology.RefreshAsync(default)).Version;
        await World.PutAsync("a", "1");
        Assert.Equal(version, (await World.Topology.RefreshAsync(default)).Version);
        Assert.Equal(version, (await World.FindAsync("a")).TopologyVersion);
        await World.Scopes.UpdateAsync(World.Tenant, World.Scope, new ScopeSettings { KeepVersions = 3 }, null, default);
        Assert.Equal(version + 1, World.Topology.Current.Version);
        Assert.Equal(3, World.Topology.Current.Scope(World.Scope)!.Settings.KeepVersions);
        using var late = new TopologyCache(World.Database);
        Assert.Equal(version + 1, (await late.EnsureAsync(version + 1, default)).Version);
    }

    [SuiteFact]
    public async Task An_installation_keeps_its_first_id_and_the_steps_it_has_done()
    {
        var installation = new InstallationCatalog(World.Database);
        var first = Guid.CreateVersion7();
        Assert.Equal(first.ToString("n"), await installation.GetIdAsync(first, default));
        Assert.Equal(first.ToString("n"), await installation.GetIdAsync(Guid.CreateVersion7(), default));
        Assert.False(await installation.IsDoneAsync("bootstrap", default));
        await installation.MarkDoneAsync("bootstrap", default);
        await installation.MarkDoneAsync("bootstrap", default);
        Assert.True(await installation.IsDoneAsync("bootstrap", default));
        Assert.False(await installation.IsDoneAsync("other", default));
    }

    [SuiteFact]
    public async Task A_lower_quota_refuses_growth_and_nothing_else()
    {
        await World.PutAsync("a", "123456");
        await World.Scopes.UpdateAsync(World.Tenant, World.Scope, new ScopeSettings { QuotaBytes = 3 }, null, default);
        Assert.Equal(UploadStatus.ScopeQuotaExceeded, (await World.BeginAsync(NewUpload(), "b", 1)).Status);
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(new CopyFile { By = "t", From = Path("a"), To = Path("b"), Move = true })).Status);
        Assert.Equal(NamespaceStatus.Done, (await World.DeleteAsync("b")).Status);
    }

    private Task<AdminResult> PutAsync(AttachmentSettings settings) => World.Scopes.PutAttachmentAsync(World.Tenant, World.Scope, settings, null, default);

    private static NewFileStore NewStore(string name) => new() { Name = name, Backend = "local", Configuration = "{}", Settings = new FileStoreSettings() };
}
