namespace NearCache;

/// <summary>The settings of a <see cref="FleetClient"/> beside those of the caches that it observes.</summary>
public sealed class FleetClientOptions
{
    /// <summary>
    /// Gets or sets a value indicating whether every operation that changes something is refused, and no change leaves this process.
    /// </summary>
    /// <value>Default: false.</value>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// Gets or sets how long one part of an answer may take. A part that takes longer is unknown, and does not delay the others.
    /// </summary>
    /// <value>Default: 3 s. From 100 ms to 1 minute.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Gets or sets how many requests a second go to each memcached server and to ZooKeeper in the long run. A few seconds' worth may be
    /// sent at once.
    /// </summary>
    /// <value>Default: 20. At most 100, so that no setting can load what is observed.</value>
    public double RequestsPerSecond { get; set; } = 20;

    /// <summary>
    /// Gets or sets how long a stop or its end is followed until every process has obeyed. Silent processes are not waited for.
    /// </summary>
    /// <value>Default: 10 s. From zero, which does not wait, to 5 minutes. Processes report every 5 s.</value>
    public TimeSpan ObeyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal FleetClientOptions Checked()
    {
        Require(Timeout >= TimeSpan.FromMilliseconds(100) && Timeout <= TimeSpan.FromMinutes(1),
            nameof(Timeout), Timeout, "from 00:00:00.1 to 00:01:00");
        Require(RequestsPerSecond is > 0 and <= 100, nameof(RequestsPerSecond), RequestsPerSecond, "above 0 and at most 100");
        Require(ObeyTimeout >= TimeSpan.Zero && ObeyTimeout <= TimeSpan.FromMinutes(5),
            nameof(ObeyTimeout), ObeyTimeout, "from 00:00:00 to 00:05:00");
        return (FleetClientOptions)MemberwiseClone();

        static void Require(bool isRight, string setting, object value, string right)
        {
            if (!isRight)
            {
                throw new ArgumentException(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{nameof(FleetClientOptions)}.{setting} is {value}, but must be {right}."));
            }
        }
    }
}
