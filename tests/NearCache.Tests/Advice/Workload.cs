namespace NearCache.Tests.Advice;

/// <summary>A generated workload of 20 prefixes, of which it is known which are worth a rule.</summary>
/// <param name="seed">Determines everything.</param>
internal sealed class Workload(int seed)
{
    private static readonly string[] Neutral =
    [
        "a", "bx", "catalog", "dept", "eu", "fx", "geo", "home", "img", "kpi", "lang", "menu", "news", "org", "price", "region", "tax",
    ];

    private readonly Random _random = new(seed);
    private readonly List<KeyGroup> _groups = [];

    /// <summary>Returns the prefixes.</summary>
    public IReadOnlyList<KeyGroup> Create()
    {
        Add(8, Traffic.Stable);
        Add(2, Traffic.Churning);
        Add(3, Traffic.Cold);
        Add(2, Traffic.Scan);
        Add(2, Traffic.Lock);
        Add(1, Traffic.Counter);
        Add(2, Traffic.Session);
        return _groups;
    }

    private void Add(int count, Traffic traffic)
    {
        for (var i = 0; i < count; i++)
        {
            _groups.Add(new KeyGroup(NameOf(traffic), traffic, _random));
        }
    }

    // Half of the names tell the nature of the keys. Good and bad prefixes share their first part, and some have several.
    private string NameOf(Traffic traffic)
    {
        var telling = _random.Next(2) == 0
            ? traffic switch
            {
                Traffic.Lock => "lock:",
                Traffic.Counter => "counter:",
                Traffic.Session => "session:",
                _ => "",
            }
            : "";
        var parts = Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Neutral[_random.Next(Neutral.Length)] + ":");
        return $"{string.Concat(parts)}{telling}n{_groups.Count}{(_random.Next(3) == 0 ? "/" : ":")}";
    }
}

/// <summary>What the keys of a prefix are used for.</summary>
internal enum Traffic
{
    /// <summary>Read often, written rarely: worth a rule. The only good one.</summary>
    Stable,

    /// <summary>Read often, and written often.</summary>
    Churning,

    /// <summary>Read rarely.</summary>
    Cold,

    /// <summary>Each key is read once.</summary>
    Scan,

    /// <summary>Added if absent, and removed.</summary>
    Lock,

    /// <summary>Read, and written if unchanged.</summary>
    Counter,

    /// <summary>Many keys, each read and extended by one user for a while.</summary>
    Session,
}

/// <summary>The keys of one prefix and their traffic.</summary>
internal sealed class KeyGroup
{
    private readonly int _keys;
    private readonly double _skew;
    private readonly double _writes;   // the part of the events that are writes
    private readonly Random _random;
    private int _next;

    public KeyGroup(string prefix, Traffic traffic, Random random)
    {
        double Between(double low, double high) => low * Math.Pow(high / low, random.NextDouble());
        (Prefix, Traffic, _random) = (prefix, traffic, random);
        _skew = random.NextDouble();
        (Rate, _keys, _writes) = traffic switch
        {
            Traffic.Stable => (Between(60, 1500), (int)Between(3, 2000), Between(0.00005, 0.001)),
            Traffic.Churning => (Between(100, 600), (int)Between(20, 1000), Between(0.15, 0.5)),
            Traffic.Cold => (Between(0.2, 2), (int)Between(50, 5000), 0.01),
            Traffic.Scan => (Between(200, 800), int.MaxValue, 0),
            Traffic.Lock => (Between(20, 200), (int)Between(10, 1000), 1),
            Traffic.Counter => (Between(40, 300), (int)Between(5, 100), 0.5),
            _ => (Between(60, 300), (int)Between(500, 5000), 0.3),
        };
    }

    public string Prefix { get; }

    public Traffic Traffic { get; }

    public bool IsGood => Traffic == Traffic.Stable;

    /// <summary>The events a second of all processes together.</summary>
    public double Rate { get; }

    /// <summary>Returns the next event: a key, and whether and how it is written.</summary>
    public (string Key, bool IsWrite) Next()
    {
        // A key of a skewed distribution: the higher the power, the hotter the first ones.
        var index = Traffic == Traffic.Scan ? _next++ : (int)(_keys * Math.Pow(_random.NextDouble(), 1 + (2 * _skew)));
        return ($"{Prefix}{index}", _random.NextDouble() < _writes);
    }
}
