namespace Granary.Process.Tests;

/// <summary>The source tree that the tests run from.</summary>
internal static class Checkout
{
    /// <summary>Its root: the folder of the solution.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            if (File.Exists(Path.Combine(current.FullName, "Orleans.sln")))
            {
                return current.FullName;
            }
        }

        throw new InvalidOperationException($"No solution above {folder}.");
    }
}
