using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Reports.Core;

/// <summary>Selects the servers that hold the report of a process, by rendezvous hashing of the process's id.</summary>
internal static class ReportServers
{
    /// <summary>The number of servers that hold each report, so that the loss of one server loses no report.</summary>
    public const int Copies = 2;

    /// <summary>Returns the servers of a process: the primary and, if there is another, the second.</summary>
    public static IReadOnlyList<T> Of<T>(string id, IReadOnlyCollection<T> servers, Func<T, string> nameOf) =>
        [.. servers.OrderByDescending(server => KeyHash.Of(Encoding.UTF8.GetBytes($"{id}@{nameOf(server)}")).Value).Take(Copies)];
}
