using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store: places for bytes.</summary>
internal static class StoreCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("store", "Places for bytes: folders of a silo, S3 buckets (operators)").With(
        StoreCreateCommand.Create(runner), StoreListCommand.Create(runner), StoreShowCommand.Create(runner),
        StoreEditCommand.Create(runner), StoreDeleteCommand.Create(runner));
}
