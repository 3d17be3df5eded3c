using System.Globalization;
using System.Text;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper;

/// <summary>Validates the options and reports every mistake at once.</summary>
internal static class ZooKeeperOptionsValidator
{
    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(1);

    public static IReadOnlyList<string> FindMistakes(ZooKeeperOptions options)
    {
        var mistakes = new List<string>();
        if (!ServerList.TryParse(options.ConnectionString, out _, out var problem))
        {
            mistakes.Add($"{nameof(options.ConnectionString)} {problem}.");
        }

        CheckRange(options.SessionTimeout, TimeSpan.FromMilliseconds(100), MaxDuration, nameof(options.SessionTimeout), mistakes);
        CheckRange(options.ConnectTimeout, TimeSpan.FromMilliseconds(10), MaxDuration, nameof(options.ConnectTimeout), mistakes);
        CheckRange(options.RequestTimeout, TimeSpan.FromMilliseconds(10), MaxDuration, nameof(options.RequestTimeout), mistakes);
        CheckRange(options.ReconnectDelay, TimeSpan.FromMilliseconds(1), MaxDuration, nameof(options.ReconnectDelay), mistakes);
        CheckRange(options.MaxReconnectDelay, options.ReconnectDelay, MaxDuration, nameof(options.MaxReconnectDelay), mistakes);
        CheckRange(options.WatchHandlerGrace, TimeSpan.Zero, TimeSpan.FromSeconds(1), nameof(options.WatchHandlerGrace), mistakes);
        if (options.LivenessTimeout is { } liveness)
        {
            CheckRange(liveness, TimeSpan.FromMilliseconds(20), options.SessionTimeout, nameof(options.LivenessTimeout), mistakes);
        }

        if (options.ReconnectJitter is not (>= 0 and <= 1))
        {
            mistakes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{nameof(options.ReconnectJitter)} must be from 0 to 1, but is {options.ReconnectJitter}."));
        }

        CheckRange(options.MaxMessageBytes, 1024, int.MaxValue / 4, nameof(options.MaxMessageBytes), mistakes);
        CheckRange(options.MaxOutstandingRequests, 1, 1_000_000, nameof(options.MaxOutstandingRequests), mistakes);
        CheckRange(options.MaxOutstandingBytes, 1024, int.MaxValue / 4, nameof(options.MaxOutstandingBytes), mistakes);
        CheckRange(options.MaxWaitingRequests, 0, int.MaxValue, nameof(options.MaxWaitingRequests), mistakes);
        FindIdentityMistakes(options, mistakes);
        return mistakes;
    }

    private static void FindIdentityMistakes(ZooKeeperOptions options, List<string> mistakes)
    {
        for (var i = 0; i < options.Authentications.Count; i++)
        {
            if (options.Authentications[i] is not { Scheme.Length: > 0 })
            {
                mistakes.Add($"{nameof(options.Authentications)}[{i}] must have a scheme, for example 'digest'.");
            }
        }

        // RFC 2831 quotes user and password. The limit on the user is the length that a challenge can carry.
        if (options.Sasl is { } sasl
            && (string.IsNullOrEmpty(sasl.User) || Encoding.UTF8.GetByteCount(sasl.User) > 1024 || sasl.Password is null))
        {
            mistakes.Add($"{nameof(options.Sasl)} must have a user of 1 to 1,024 bytes and a password.");
        }
    }

    private static void CheckRange(TimeSpan value, TimeSpan min, TimeSpan max, string name, List<string> mistakes)
    {
        if (value < min || value > max)
        {
            mistakes.Add($"{name} must be from {min:c} to {max:c}, but is {value:c}.");
        }
    }

    private static void CheckRange(int value, int min, int max, string name, List<string> mistakes)
    {
        if (value < min || value > max)
        {
            mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be from {min} to {max}, but is {value}."));
        }
    }
}
