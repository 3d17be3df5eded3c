using NearCache.Memcached.Protocol;

namespace NearCache.Reports.Core;

/// <summary>
/// Keeps the report of one process in a place of one server: claims a place by <c>add</c>, renews it by compare-and-set only, and claims
/// another one when the place is lost.
/// </summary>
/// <remarks>
/// The deterministic core: the caller executes <see cref="Next"/> and passes the responses on until <see cref="IsStored"/>. No key is
/// written by every process: the item that bounds the places changes only when the bound changes, and every few minutes so that it does not
/// expire. A bound that no process above its half has kept for <see cref="Unkept"/> seconds is halved.
/// </remarks>
/// <param name="names">The keys of the reports.</param>
/// <param name="id">The id of the process.</param>
/// <param name="random">Chooses places.</param>
internal sealed class ReportPlace(ReportNames names, string id, Random random)
{
    /// <summary>The greatest number of round trips in which one report is stored.</summary>
    public const int MaxSteps = 16;

    /// <summary>The least bound: so many places are always read.</summary>
    public const int MinPlaces = 16;

    /// <summary>The lifetime of the bound, in seconds.</summary>
    public const int PlacesLifetime = 1800;

    // The bound is written again when it is this old, by a process in its upper half. In seconds.
    private const int KeptEvery = 300;

    /// <summary>
    /// The age in seconds at which the bound is halved. By then a report of the upper half has expired, because its process kept the bound
    /// at most <see cref="KeptEvery"/> seconds, and one round of checks, before its end.
    /// </summary>
    private const int Unkept = 1500;

    // A report that is older than this, in seconds, belongs to no process that reports. Its place is taken when there is no other.
    private const int Abandoned = 60;

    // Claims within the bound before one above it, and the rounds from one look at the bound to the next.
    private const int ClaimsWithin = 4;
    private const int RoundsPerLook = 6;

    // The places above the bound that the first claim there chooses from. Small, so that few places stay free.
    private const int FirstRange = 8;

    private readonly byte[] _id = System.Text.Encoding.ASCII.GetBytes(id);
    private Step _step;
    private int? _place;
    private ulong? _cas;
    private long _connection;
    private PlacesItem? _bound;
    private ulong? _boundCas;
    private int _boundLeft;
    private bool _isBoundKnown;
    private bool _hasStored;
    private bool _isFull;
    private int _claims;
    private int _round = random.Next(RoundsPerLook);
    private (int Place, ulong Cas)? _abandoned;

    private enum Step
    {
        None,
        Look,
        Verify,
        Claim,
        TakeOver,
        Renew,
        Bound,
    }

    /// <summary>Gets the place of the report; null if there is none.</summary>
    public int? Place => _place;

    /// <summary>Gets a value indicating whether the report of this round is stored, and the bound includes its place.</summary>
    public bool IsStored => _hasStored && _isBoundKnown && !NeedsBound;

    /// <summary>Gets a value indicating whether every place was taken by other processes at the last claim.</summary>
    public bool IsFull => _isFull;

    private int Places => _bound?.Places ?? 0;

    private bool NeedsBound => _bound is null || _place >= Places || Age >= (IsKeeper ? KeptEvery : Unkept);

    // The bound of a small fleet is kept by all, so that it never expires while there is a process.
    private bool IsKeeper => Places <= MinPlaces || _place >= Places / 2;

    private int Age => PlacesLifetime - _boundLeft;

    /// <summary>Begins a round: a new report is to be stored.</summary>
    /// <param name="connection">The connection to the server. A CAS value counts only on the connection on which it was read.</param>
    public void Begin(long connection)
    {
        (_hasStored, _isFull, _claims, _abandoned) = (false, false, 0, null);
        if (connection != _connection)
        {
            (_connection, _cas, _boundCas, _isBoundKnown) = (connection, null, null, false);
        }

        _round++;
    }

    /// <summary>Returns the commands of the next step, to be executed in order on the connection of this round.</summary>
    /// <param name="summary">The report.</param>
    public IReadOnlyList<MetaCommand> Next(ReadOnlyMemory<byte> summary)
    {
        _step = ChooseStep();
        switch (_step)
        {
            case Step.Look:
                return [GetBound()];
            case Step.Verify:
                return [MetaCommand.Get(names.Place(_place!.Value), MetaFields.Value | MetaFields.Cas)];
            case Step.Renew:
                var renewal = Store(_place!.Value, summary) with { CompareCas = _cas };
                return _round % RoundsPerLook == 0 ? [renewal, GetBound()] : [renewal];
            case Step.TakeOver:
                return [Store(_place!.Value, summary) with { CompareCas = _cas }];
            case Step.Claim:
                var key = names.Place(_place!.Value);
                return
                [
                    Store(_place.Value, summary) with { Mode = MetaSetMode.Add },
                    MetaCommand.Get(key, MetaFields.Cas | MetaFields.TimeToLive | MetaFields.Size),
                    GetBound(),
                ];
            default:
                return [SetBound()];
        }
    }

    /// <summary>Applies the responses to the commands of the last step.</summary>
    public void Receive(IReadOnlyList<MetaResponse> responses)
    {
        switch (_step)
        {
            case Step.Look:
                ReceiveBound(responses[0]);
                break;
            case Step.Verify:
                var isOwn = responses[0].Status == MetaStatus.Ok && responses[0].Value.Span.IndexOf(_id) >= 0;
                _place = isOwn ? _place : null;
                _cas = isOwn ? responses[0].Cas : null;
                break;
            case Step.Renew or Step.TakeOver:
                ReceiveStored(responses[0]);
                if (responses.Count > 1)
                {
                    ReceiveBound(responses[1]);
                }

                break;
            case Step.Claim:
                ReceiveBound(responses[2]);
                ReceiveClaim(responses[0], responses[1]);
                break;
            default:
                // Another process may have changed the bound first.
                _isBoundKnown = false;
                if (responses[0].Status == MetaStatus.Ok)
                {
                    (_isBoundKnown, _boundCas, _boundLeft) = (true, responses[0].Cas, PlacesLifetime);
                }

                break;
        }
    }

    /// <summary>Records that the last step has an unknown outcome: the place is read again before it is renewed.</summary>
    public void Failed() => (_cas, _boundCas, _isBoundKnown) = (null, null, false);

    private MetaCommand GetBound() => MetaCommand.Get(names.Places, MetaFields.Value | MetaFields.Cas | MetaFields.TimeToLive);

    private MetaCommand Store(int place, ReadOnlyMemory<byte> summary) =>
        MetaCommand.Set(names.Place(place), summary, ReportNames.Lifetime) with { Return = MetaFields.Cas };

    private Step ChooseStep()
    {
        if (!_isBoundKnown)
        {
            return Step.Look;
        }

        if (_hasStored)
        {
            return Step.Bound;
        }

        if (_place is not null)
        {
            return _cas is null ? Step.Verify : Step.Renew;
        }

        // A third of the claims are made above the bound before places are taken from reports that are not renewed.
        if (_abandoned is { } abandoned && (_claims >= MaxSteps / 2 || Places >= ReportNames.MaxPlaces))
        {
            (_place, _cas, _abandoned) = (abandoned.Place, abandoned.Cas, null);
            return Step.TakeOver;
        }

        _place = Candidate();
        _claims++;
        return Step.Claim;
    }

    // Within the bound first, then above it, in a range that doubles: a thousand processes may start at once.
    private int Candidate()
    {
        var within = Math.Max(Places, MinPlaces);
        if (_claims < ClaimsWithin || within >= ReportNames.MaxPlaces)
        {
            return random.Next(within);
        }

        var range = FirstRange << (_claims - ClaimsWithin);
        return Math.Min(within + random.Next(range), ReportNames.MaxPlaces - 1);
    }

    private void ReceiveClaim(in MetaResponse claim, in MetaResponse occupant)
    {
        if (claim.Status == MetaStatus.Ok)
        {
            ReceiveStored(claim);
            return;
        }

        // No process stores an item without an expiry, with a longer one, or one that is too large.
        var isGarbage = occupant.TimeToLive is < 0 or > ReportNames.Lifetime || occupant.Size > ReportNames.MaxSummary;
        if (occupant.Status == MetaStatus.Ok && (isGarbage || ReportNames.Lifetime - occupant.TimeToLive > Abandoned))
        {
            _abandoned = (_place!.Value, occupant.Cas);
        }

        (_place, _cas) = (null, null);
        _isFull = _claims >= MaxSteps / 2 && Places >= ReportNames.MaxPlaces;
    }

    private void ReceiveStored(in MetaResponse response)
    {
        _hasStored = response.Status == MetaStatus.Ok;
        _place = _hasStored ? _place : null;
        _cas = _hasStored ? response.Cas : null;
        _isFull &= !_hasStored;
    }

    private void ReceiveBound(in MetaResponse response)
    {
        _isBoundKnown = true;
        (_bound, _boundCas, _boundLeft) = (null, null, 0);
        if (response.Status == MetaStatus.Ok)
        {
            // Content that cannot be read is replaced.
            _boundCas = response.Cas;
            _boundLeft = response.TimeToLive < 0 ? 0 : response.TimeToLive;
            if (PlacesItem.TryRead(response.Value, out var bound))
            {
                _bound = bound;
            }
        }
    }

    private MetaCommand SetBound()
    {
        var least = Math.Max(MinPlaces, _place!.Value + 1);
        var places = Age >= Unkept && !IsKeeper ? Math.Max(least, Places / 2) : Math.Max(least, Places);
        var next = new PlacesItem(places, _bound?.Life ?? PlacesItem.NewLife(random));
        var command = MetaCommand.Set(names.Places, next.Write(), PlacesLifetime) with
        {
            Return = MetaFields.Cas,
            Mode = _boundCas is null ? MetaSetMode.Add : MetaSetMode.Set,
            CompareCas = _boundCas,
        };
        _bound = next;
        return command;
    }
}
