using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace NearCache.TestSupport.Memcached;

/// <summary>The items of a <see cref="FakeMemcached"/>, and the meta commands on them as memcached 1.6.18 does them.</summary>
/// <remarks>Source: memcached 1.6.18, proto_text.c, and its answers.</remarks>
internal sealed class FakeStore(TimeProvider time)
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, FakeItem> _items = new(StringComparer.Ordinal);
    private ulong _lastCas;
    private DateTimeOffset? _flushed;

    public int MaxValueBytes { get; set; } = 1_048_000;

    public IReadOnlyDictionary<string, FakeItem> Snapshot()
    {
        lock (_lock)
        {
            return _items.Where(entry => Find(entry.Key) is not null).ToDictionary(entry => Printable(entry.Key), entry => entry.Value);
        }
    }

    /// <summary>Everything is gone and CAS ids start at 1, as after a restart.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            _items.Clear();
            _lastCas = 0;
        }
    }

    public bool Remove(string key)
    {
        lock (_lock)
        {
            return _items.Remove(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(key)));
        }
    }

    /// <summary>What is there now is gone after so long; what is stored meanwhile too, as on the real one.</summary>
    public void Flush(long seconds)
    {
        lock (_lock)
        {
            _flushed = Expiration(seconds) ?? time.GetUtcNow();
            Expire();
        }
    }

    /// <summary>Carries out one command; the answer with its line end.</summary>
    public byte[] Execute(string[] words, byte[] data)
    {
        lock (_lock)
        {
            var flags = words.Skip(words[0] == "ms" ? 3 : 2).ToArray();
            var duplicate = flags.GroupBy(flag => flag[0]).Any(group => group.Count() > 1);
            if (duplicate)
            {
                return Line("CLIENT_ERROR duplicate flag");
            }

            var key = flags.Contains("b") ? Encoding.Latin1.GetString(Convert.FromBase64String(words[1])) : words[1];
            return words[0] switch
            {
                "mg" => Get(key, words[1], flags),
                "ms" => Set(key, words[1], flags, data),
                "md" => Delete(key, words[1], flags),
                _ => Count(key, words[1], flags),
            };
        }
    }

    private static byte[] Line(string text) => Encoding.Latin1.GetBytes(text + "\r\n");

    private static string? Token(string[] flags, char flag) => flags.FirstOrDefault(candidate => candidate[0] == flag)?[1..];

    private static long? Number(string[] flags, char flag) =>
        Token(flags, flag) is { } token ? long.Parse(token, CultureInfo.InvariantCulture) : null;

    private static ulong? Unsigned(string[] flags, char flag) =>
        Token(flags, flag) is { } token ? ulong.Parse(token, CultureInfo.InvariantCulture) : null;

    private static string Printable(string key) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(key));

    private static string Echo(string[] flags, string wireKey) => string.Concat(flags.Select(flag => flag[0] switch
    {
        'O' => " " + flag,
        'k' => " k" + wireKey,
        'b' when flags.Contains("k") => " b",
        _ => "",
    }));

    private byte[] Get(string key, string wireKey, string[] flags)
    {
        var item = Find(key);
        var isFresh = item is null && Number(flags, 'N') is not null;
        if (isFresh)
        {
            item = new FakeItem { Expires = Expiration(Number(flags, 'N')!.Value), Cas = ++_lastCas };
            _items[key] = item;
        }

        if (item is null)
        {
            return Line("EN" + Echo(flags, wireKey));
        }

        var now = time.GetUtcNow();
        var isWinner = isFresh;
        var reply = new StringBuilder();
        foreach (var flag in flags)
        {
            reply.Append(flag[0] switch
            {
                'c' => $" c{item.Cas}",
                'f' => $" f{item.ClientFlags}",
                's' => $" s{item.Value.Length}",
                't' => $" t{(isFresh || item.Expires is null ? -1 : (long)Math.Ceiling((item.Expires.Value - now).TotalSeconds))}",
                'l' => $" l{(long)(now - item.LastAccess).TotalSeconds}",
                'h' => item.WasRead ? " h1" : " h0",
                _ => "",
            });
        }

        if (Number(flags, 'T') is { } touch)
        {
            item.Expires = Expiration(touch);
        }

        var isRecached = Number(flags, 'R') is { } recache && item.Expires is { } end && (end - now).TotalSeconds < recache;
        isWinner |= (isRecached || item.IsStale) && !item.IsWon;
        reply.Append(Echo(flags, wireKey));
        reply.Append(item.IsWon ? " Z" : "").Append(item.IsStale ? " X" : "").Append(isWinner ? " W" : "");
        item.IsWon |= isWinner;
        if (!flags.Contains("u"))
        {
            (item.LastAccess, item.WasRead) = (now, true);
        }

        return flags.Contains("v")
            ? [.. Line($"VA {item.Value.Length}{reply}"), .. item.Value, .. "\r\n"u8]
            : Line("HD" + reply);
    }

    private byte[] Set(string key, string wireKey, string[] flags, byte[] data)
    {
        var item = Find(key);
        if (data.Length > MaxValueBytes)
        {
            _items.Remove(key);
            return Line("SERVER_ERROR object too large for cache");
        }

        var mode = Token(flags, 'M') ?? "S";
        var isStale = false;
        if (Unsigned(flags, 'C') is { } cas)
        {
            if (item is null)
            {
                return Line("NF" + Echo(flags, wireKey));
            }

            isStale = flags.Contains("I") && cas < item.Cas;
            if (cas != item.Cas && !isStale)
            {
                return Line("EX" + (flags.Contains("c") ? " c0" : "") + Echo(flags, wireKey));
            }
        }

        if ((mode == "E" && item is not null) || (mode is "R" or "A" or "P" && item is null))
        {
            return Line("NS" + Echo(flags, wireKey));
        }

        if (mode is "A" or "P")
        {
            item!.Value = mode == "A" ? [.. item.Value, .. data] : [.. data, .. item.Value];
            item.Cas = ++_lastCas;
        }
        else
        {
            item = new FakeItem
            {
                Value = data,
                ClientFlags = (uint)(Unsigned(flags, 'F') ?? 0),
                Cas = ++_lastCas,
                Expires = Expiration(Number(flags, 'T') ?? 0),
                LastAccess = time.GetUtcNow(),
                IsStale = isStale,
            };
            _items[key] = item;
        }

        return Line("HD" + (flags.Contains("c") ? $" c{item.Cas}" : "") + Echo(flags, wireKey));
    }

    private byte[] Delete(string key, string wireKey, string[] flags)
    {
        var item = Find(key);
        if (item is null)
        {
            return Line("NF" + Echo(flags, wireKey));
        }

        if (Unsigned(flags, 'C') is { } cas && cas != item.Cas)
        {
            return Line("EX" + Echo(flags, wireKey));
        }

        if (flags.Contains("I"))
        {
            (item.IsStale, item.IsWon, item.Cas) = (true, false, ++_lastCas);
            item.Expires = Number(flags, 'T') is { } seconds ? Expiration(seconds) : item.Expires;
        }
        else
        {
            _items.Remove(key);
        }

        return Line("HD" + Echo(flags, wireKey));
    }

    private byte[] Count(string key, string wireKey, string[] flags)
    {
        byte[] text;
        var item = Find(key);
        if (item is null)
        {
            if (Number(flags, 'N') is not { } lifetime)
            {
                return Line("NF" + Echo(flags, wireKey));
            }

            text = Digits(Unsigned(flags, 'J') ?? 0);
            item = new FakeItem { Value = text, Expires = Expiration(lifetime), Cas = ++_lastCas };
            _items[key] = item;
        }
        else if (Unsigned(flags, 'C') is { } cas && cas != item.Cas)
        {
            return Line("EX" + Echo(flags, wireKey));
        }
        else if (
            !Utf8Parser.TryParse(item.Value.AsSpan().TrimEnd((byte)' '), out ulong number, out var read)
                || read != item.Value.AsSpan().TrimEnd((byte)' ').Length)
        {
            return Line("CLIENT_ERROR cannot increment or decrement non-numeric value");
        }
        else
        {
            var delta = Unsigned(flags, 'D') ?? 1;
            var isDown = Token(flags, 'M') is "D" or "-";
            text = Digits(isDown ? number - Math.Min(number, delta) : unchecked(number + delta));

            // A shorter number is written over the longer one.
            item.Value = text.Length < item.Value.Length
                ? [.. text, .. Enumerable.Repeat((byte)' ', item.Value.Length - text.Length)]
                : text;
            item.Cas = ++_lastCas;
            item.Expires = Number(flags, 'T') is { } seconds ? Expiration(seconds) : item.Expires;
        }

        var reply = new StringBuilder();
        foreach (var flag in flags)
        {
            reply.Append(flag[0] switch
            {
                'c' => $" c{item.Cas}",
                't' => $" t{(item.Expires is { } end ? (long)Math.Ceiling((end - time.GetUtcNow()).TotalSeconds) : -1)}",
                _ => "",
            });
        }

        reply.Append(Echo(flags, wireKey));
        return flags.Contains("v") ? [.. Line($"VA {text.Length}{reply}"), .. text, .. "\r\n"u8] : Line("HD" + reply);
    }

    private static byte[] Digits(ulong number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private void Expire()
    {
        if (_flushed <= time.GetUtcNow())
        {
            _items.Clear();
            _flushed = null;
        }
    }

    private FakeItem? Find(string key)
    {
        Expire();
        if (_items.TryGetValue(key, out var item) && item.Expires is { } end && end <= time.GetUtcNow())
        {
            _items.Remove(key);
            return null;
        }

        return item;
    }

    // 0 for ever, below it at once, above 30 days a Unix time.
    private DateTimeOffset? Expiration(long seconds) => seconds switch
    {
        0 => null,
        < 0 => time.GetUtcNow(),
        > 60 * 60 * 24 * 30 => DateTimeOffset.FromUnixTimeSeconds(seconds),
        _ => time.GetUtcNow().AddSeconds(seconds),
    };
}
