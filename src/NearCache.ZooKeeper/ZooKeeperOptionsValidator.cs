using System.Globalization;
using System.Text;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper;

/// <summary>Validates the options and reports every mistake at once.</summary>
internal static class ZooKeeperOptionsValidator
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static IReadOnlyList<string> FindMistakes(ZooKeeperOptions options)
    {
        var mistakes = new List<string>();
        if (!ServerList.TryParse(options.ConnectionString, out _, out var problem))
        {
            mistakes.Add($"{nameof(options.ConnectionString)} {problem}.");
        }

        Between(options.SessionTimeout, TimeSpan.FromMilliseconds(100), Longest, nameof(options.SessionTimeout), mistakes);
        Between(options.ConnectTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.ConnectTimeout), mistakes);
        Between(options.RequestTimeout, TimeSpan.FromMilliseconds(10), Longest, nameof(options.RequestTimeout), mistakes);
        Between(options.ReconnectDelay, TimeSpan.FromMilliseconds(1), Longest, nameof(options.ReconnectDelay), mistakes);
        Between(options.MaxReconnectDelay, options.ReconnectDelay, Longest, nameof(options.MaxReconnectDelay), mistakes);
        Between(options.WatchHandlerGrace, TimeSpan.Zero, TimeSpan.FromSeconds(1), nameof(options.WatchHandlerGrace), mistakes);
        if (options.LivenessTimeout is { } liveness)
        {
            Between(liveness, TimeSpan.FromMilliseconds(20), options.SessionTimeout, nameof(options.LivenessTimeout), mistakes);
        }

        if (options.ReconnectJitter is not (>= 0 and <= 1))
        {
            mistakes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{nameof(options.ReconnectJitter)} is {options.ReconnectJitter}: from 0 to 1 would be right."));
        }

        Between(options.MaxMessageBytes, 1024, int.MaxValue / 4, nameof(options.MaxMessageBytes), mistakes);
        Between(options.MaxOutstandingRequests, 1, 1_000_000, nameof(options.MaxOutstandingRequests), mistakes);
        Between(options.MaxOutstandingBytes, 1024, int.MaxValue / 4, nameof(options.MaxOutstandingBytes), mistakes);
        Between(options.MaxWaitingRequests, 0, int.MaxValue, nameof(options.MaxWaitingRequests), mistakes);
        FindIdentityMistakes(options, mistakes);
        return mistakes;
    }

    private static void FindIdentityMistakes(ZooKeeperOptions options, List<string> mistakes)
    {
        for (var i = 0; i < options.Authentications.Count; i++)
        {
            if (options.Authentications[i] is not { Scheme.Length: > 0 })
            {
                mistakes.Add($"{nameof(options.Authentications)}[{i}] has no scheme: 'digest', for instance, would be right.");
            }
        }

        // RFC 2831 quotes user and password. The limit on the user is the length that a challenge can carry.
        if (options.Sasl is { } sasl
            && (string.IsNullOrEmpty(sasl.User) || Encoding.UTF8.GetByteCount(sasl.User) > 1024 || sasl.Password is null))
        {
            mistakes.Add($"{nameof(options.Sasl)} has no user of 1 to 1,024 bytes and a password.");
        }
    }

    private static void Between(TimeSpan value, TimeSpan least, TimeSpan most, string name, List<string> mistakes)
    {
        if (value < least || value > most)
        {
            mistakes.Add($"{name} is {value:c}: from {least:c} to {most:c} would be right.");
        }
    }

    private static void Between(int value, int least, int most, string name, List<string> mistakes)
    {
        if (value < least || value > most)
        {
            mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}: from {least} to {most} would be right."));
        }
    }
}
