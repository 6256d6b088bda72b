# מאין מגיעה עבודה מלבד מאנשים: שרתים של אחרים שנשאלים, קבצים של תוכנות מעקב אחרות, הזנות.

outbound-no-address = ‏“{ $address }” אינה כתובת שמתחילה ב־http://‎ או ב־https://‎.
outbound-private = ‏{ $host } היא כתובת פרטית או מובילה לאחת כזו, ואלה אינן נשאלות. מי שמפעיל את Milepost הזה יכול להתיר זאת (‎--allow-private-addresses).
outbound-unreached = לא ניתן היה להגיע אל { $host }: ‏{ $why }.
outbound-unconnected = אין חיבור אל { $host }: ‏{ $why }.
outbound-late = ‏{ $host } לא השיב בתוך { $seconds } שניות.
outbound-broken = התשובה של { $host } נקטעה: { $why }.
outbound-too-large = התשובה של { $host } גדולה מ־{ $limit } ק״ב.
outbound-redirects = ‏{ $host } מפנה הלאה, ויותר מ־{ $limit } פעמים.
outbound-no-client = אי אפשר לשאול דבר מהמחשב הזה: { $why }.
