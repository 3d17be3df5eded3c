using System.Diagnostics;
using System.Globalization;

namespace NearCache.Containers.Tests;

/// <summary>The test process that made a container, a network or an image. The next run removes what a killed process left.</summary>
/// <remarks>
/// Containers and networks carry the owner as a label, images as their tag. Testcontainers has a reaper for this, which is an image of its
/// own and cannot be pulled everywhere.
/// </remarks>
internal sealed record DockerOwner(string Machine, int Process)
{
    public const string Label = "nearcache.tests.owner";
    public const string StandIns = "nearcache-test/*";

    public static DockerOwner This { get; } = new(Environment.MachineName, Environment.ProcessId);

    /// <summary>Whether this is a process of this machine that has ended.</summary>
    public bool HasEnded
    {
        get
        {
            if (Machine != This.Machine)
            {
                return false;
            }

            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(Process);
                return process.HasExited;
            }
            catch (ArgumentException)
            {
                return true;
            }
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Machine}-{Process}");

    /// <summary>Removes the containers, networks and images of all owners that <paramref name="condition"/> selects.</summary>
    public static async Task RemoveAsync(Func<DockerOwner, bool> condition)
    {
        string[] labelled = ["--filter", $"label={Label}", "--format", $"{{{{.ID}}}} {{{{.Label \"{Label}\"}}}}"];
        await RemoveAsync(["ps", "--all", .. labelled], ' ', ["rm", "--force", "--volumes"]);
        await RemoveAsync(["network", "ls", .. labelled], ' ', ["network", "rm"]);
        await RemoveAsync(["images", "--format", "{{.Repository}}:{{.Tag}}", StandIns], ':', ["image", "rm"]);

        async Task RemoveAsync(string[] list, char beforeOwner, string[] remove)
        {
            foreach (var line in (await DockerCommand.RunAsync(list)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var at = line.LastIndexOf(beforeOwner);
                if (Parse(line[(at + 1)..]) is { } owner && condition(owner))
                {
                    // Another run may be removing it as well.
                    await DockerCommand.TryAsync("docker", [.. remove, beforeOwner == ':' ? line : line[..at]]);
                }
            }
        }
    }

    private static DockerOwner? Parse(string text)
    {
        var at = text.LastIndexOf('-');
        return at > 0 && int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            ? new DockerOwner(text[..at], process)
            : null;
    }
}
