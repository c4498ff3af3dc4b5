/* <cover-picture>: one kernel, one photograph, at once. The photograph is
   Chelsea, from scikit-image (CC0), kept here since a page that is opened as a
   file may not read the pixels of another file. */
'use strict';
{
  const PHOTO = 'data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAkGBwgHBgkIBwgKCgkLDRYPDQwMDRsUFRAWIB0iIiAdHx8kKDQsJCYxJx8fLT0tMTU3Ojo6Iys/RD84QzQ5Ojf/wAALCADVAUABAREA/8QAGwAAAwADAQEAAAAAAAAAAAAAAwQFAQIGAAf/xAA7EAACAQMDAgQEBAUDBAIDAAABAgMABBESITEFQRMiUWEGMnGBFCORoUJSscHR4fDxFTNiciSCU6Ky/9oACAEBAAA/ADSW5U7CvJtzRM7Uq1wqXCruCdqVvXKPkHKmkJnzqCnbnFeMYuItK/8AcG496p9LP4eVYXIMbjKg9qtNEujyDbOcUFolPIxn9jS8qpEzSDAk7n+b60p+KU3GNRIf5dqDPdyN+SF1ax/ehTxSSo6tnYA7euKny+M8E1rEQFRdJb771raQuGNuwYLCuXJ/eiwXC3E5RY8sgzuMLn6/uaKjwvb6AMo7eXsdI23Puc1RsXhN0TGGdmxkgYXjhfakurl5bSeV1VVVSAAdvepfwj1ACMxmQALnSvqTTvXbP8fbKyFQTLjUo533NS7aARloQWV4vMpPc0I3E1vexuq+QnD+zU31Lqc/T7mJwSUkB1L6GrlteRX0XioM+Xg+tEhlXRkEJvjFZXysCTkE0YsoPkI2rdLlhsMUf8TIuAVDDk1jVFJvuhrEieGMvhh2xS8jFjwSPatNCgF32Arkev3Ju7goh/LWo/4c1j8Oax+HPpXvw5r7XPbj0pKWDHalmynNRr5tV6jDYJzQ7ydcA5pNZQ+yZb3pywjzOoby54NX0toyQSoBFbS3IiOljkjY/SgTXAKsocCTGVPrSOuS6y5Ugg7jPccVgJFa4lkbSBltR43G1D8VFEZPLRAocd870BuoIlxGIjlVlGsn0G1etU03szSYRBISB752rCZnvLpNOFaTzH1xwo+5ra3RIZJA4URofDVeCTySfYVsr2bTeUagoCIgGADzk/771RVlRoWTygsERdtwDz+tI9QR5bRovCLxp/8As2eKg/D3SZpOoSC5JRDu5x9zXR3BMFizOFASMtk+wrlrdXuIhPrIuQcjP8WdhtTrJHcW0gUfnQr4hI70l1EnqPTCYY2JUg7dqJ0KOQ2yPFMQEfJU96rPOwZRp8mog0W2uDLINS4GcAe1UFiBZmU7dwKYtQrH5ONzmjAjJ1R/esSSRRjeIlv6UsXVjlQ33rKsOSuBUfq96WBihO3fFQTEM1gwiseCKx4IrHgj0r7CWDDfml5lBqbeKAhrl7+QqCQNRzwKnmOaUjA8vemLS3aN8SBjHnkV0NnZxtGArZPbVRrzxIodI7ftU9DLdSr+YFkQYAJyGFMJbtIjJKhDxnIx3FChnRHkVzhANjjvU83cc1qySuRGxKYI2ArcoxECNsYWA2+m+KyvTkMelxh2RlyfUnb+1bSTRAsofeOTUdXcZ/zQ3uktbsaVAUEu7HuxPb9z9qFa3K3Vy8crYJIwnORyf7UWaEJJLBFswiJZ8b5O5IrNtHcCW1Y5dIJd043OAM/Tc02twYbSSJszNHnUw4LegFc7bdVlkdpn1iKJ/MinGrJ4rqpmjurYxME8KVdIUdqjtYCzml8RsKhXDAc4z/mpv4h1kdlUCO4XShB3xk0TpU6i7VCrBTkMG2wVGKO9q8V4rwgiHSM443zW8mJWfU2BnGB6gViJmjTUMauR7VbsplEWk4z3qquhYlG2o7kUGUNH5vmY/KPT3pMuVfc59a3yDvSF7eHQ0aD71GZCTnvWnh1gx1jw6x4dY8OvpzkrQtZO1T+qhlgZu2K5NpgHO+rembNBKc7DFPxxNr0uoKHgqaNJHJBloZfKBnDUss01xq0ygP8Aw54NbWNthj44AY/YVvcT3UZxFq8uxzzU4XEjGZJlJ1HjuKzDbKGf8piCQ2jPHqRTjQpFpk1MJEBK4G/GOO/alxeK8ZeQ4BGHHpkcj9KS0YuC0hEqSKfONtQO+9AkYNGUfB0+XI9CfWqtnZQph1AEoGoHPGeR/SjyxACeQDU725Gx3OOcftRI8tHGY11JJcKzMfQZ/vil4p4HkMXiAI2SSeSxOwoLdJQI4jiG7FmOOd80Fb4L1SOFtgrFl2xnbb9qrdXfRZJd+GHxgFRxg7b1zt3bxILVkYfN5hng1SijhDRoih5TEQT33O9b9ZnS3tfI2G0jA9OwpPp4hvY0Ut+Yp3x696zHFkB9XlxjHr6U705G1sX2C+ZvpVSzZnLySZ05z9fQUWYl8sTpqZcvq2Xt3reF2eIgHJpGSMqDqHmJpcx1qY6wY6x4dY8OseHX0yWDJoP4fB4pXqUY/DsG9Oa4WS2HjOybb70zbERMu/mzVq0c/Ix532rMolZD4bqf/BhScTRMGDoEde6jAr13JcquuMFosb9xihG4jmVNbOsg21qQftWsiNlTK+oEYUgbge9MeG6KGV0OBsc0reTzOhWSPz9hxU/AIJQjT/GOSDTSsDH+XokjXZipwV/0pSeQN4cQTR5/mxwKatwJS51tup0t3VhyPocVVjeOPwQwOmUAq57Hbyn+lDncxWZEKnRGQAF2/i3qBbky3pbgK7E7++c10vTi1x0+XJJeVG2xuMn/ABgVC+KLWWDqPTjBHsp0sy7frTzCS66PJZs5keQFtQ7jsBUa1tJY9D3Ug1aCWXjSP+KetdTdeLFRhIl0gHjPFKfF8iy9VjtY+ZFXIPGafselCDp8jQMdSLsffO9EsofEEDMMEoAR7g81RihMUGcEvM41e3pTZkQyCGMjC8kdzQbo4+bikWIc4AwKds7cKpJpG7IMpoBWsFK1KVjRXtFY0V9PZQa1ZBionWyUgbGa5WKDxc5GCTsPWmorNRhpcZHtTcRjVMjseD3oZXW+2QOdtjWhVYwSyE54DYGfvQ7pYljJWVUHfS2T9qVGiZ10eHKP5iPMP80yIUlPkDOwGwKnH70b8OVQ6SgIG6dh9c0g6LMSU0P2YLmg3FoItM6iVWB82kc0cWMUsfiNGsqNyUwrD96QuLYWrhFnEls2+l+QPT7UxZRTLcNImgtsQuchh7H1qnChkhkhYHAcPHnYjBzih9VAFrqVsKTyPfvUOFRodwMlxuPU8V03TUdI9S5Jbyg44GaX+LYxDbNPpDaAMKTySalfDUskrTTSHdItKoRy2a2s41hvr4zZYtcYVTvk4/pRrW3I6xLvlSmoeoxsP3FSbq4N38RRwiIBo+W+h/zXWzKYrABEyW8p7d6m9NuUaR0ZcLHux9R6VUtJDMjSEAHJwPSlZW/D3AIBGogU9IizqDscCkhEDL9KLdXaQRaByaiSz5Oc962jkyKKu9ZK1jTWdNe019IJrRztUTrMyCJg4zUaAoo8THm7Cg3Lu4Gplx6g0qLpoZl50e3emvxKS4MUioDyDRzHFPpjaEO2MAnO33pWbpSFCFndWzsso0qK3h/IwkypJjfMSE1lE/MaSJmIOwVnP+aYNvLID+TGwPORt/Wj2qJaoPEZCD2OFA+lY6lbvcRZig1HsxfAxSqWrWzEJAp2/hYnb3zil5rK2v4ywj8N1+ZcaT9f9aDY2k1q2h28QMcBsbke/v8A1qlAGL4OdslWI7Gp/WWIsnVfNntUvpiSPOp041bkHseK7OyRtGk42G2B60l8RRLP06RMamJBAB5wah/DGnVcOxxGjY0kcEmlOoqy3fiKwVVnzJg/z/8AFWekRymeeVssIwoyB2GSf7VJng8Pq0c4GC6glT2ySTXYMqm3VjuAuw9TXMBSLl4s7FyznHpViwCMyhOTgac9h61vfwSGQmRxntntWlkzrlTuG2FbXo8GIlPmqDMJXYls0tOkmwANFgVgBmmo85o+Kxis4r2K+gk0OXjY1zXXmlIGj13qU8haPzNo960OGUAaXwOTQUUICwOkntSd5dC1UsANZG2ripsnWbt8HBTPBXmn7Hr3UCmmVY5VHBYYNOQdWjbZYTHNnfUvl/bmqkEoYBg0AzydO9PFolUF2T11MRikL34k6XZjJu9ZXnw9/wBKiN8YWdxI3hw3D+hyaDJ8UsrDSl1pHZitFT4mtZJA0pmt37SAZ29DVS06tZ36GKKWPURyDz9uxqnACYxk6s7Zz2qT1uNjEQnB7frQugDIBdfMw3zXVCZUUjH1pO7QTIyhccLt71Pjt/wlq7QJqV5Nu21K20QuJpUYafEIYkb7iq/SLdoo7ldXneQjJpPqliDIGZT4mSAe2CcVXtVCQGJdwgAzz2rnesx/hL0sOCQFx37mqXSljVMxnSeS57f601PEYwzNgkjbUd6URXDfbmiykyDHP9qD+HPrWHsyfWgta6ewP2peRQrcYrGvHesq+aIN6zpruNWRtQ5GIG9c912UaNjkVz7giTzAmM9s4oh1JgxjyZ2PcUFjLrJZ/wAvkZGM1HvLqS6nMCDyjY+bimrfp7blgSMeZCP3FM9PiHiMmlWIIzn0qraW9uZSrJjbyHv9PrTzdMic5KnbY+3v9KQ6xZCO2fJJRV4zXA2lh/1HqLIoJiQ7gd66pOlxwQhVjAxzSt9ZwrGCVdSe+nNct1CG5SZ3jZTGh0smoBhj1FCiQs6uhKON1dTgiuv+HfiJ1lWz6gcO3ySdm/wa6O5UXAyp2Jwf81vY2qwKhx59NNM2XwxwNy32rQXS+ErE7O3mPGO1byLGQkG4GAq+gzv/AGoNtAscrMMaQT23pxZjCoKpk6gf1o10up9ZAI07Z4rW3YIANsYyajfEgQujNkt/Co53pjpcarAPm3H+8U5JHcHcaUXHPJ/el/AZBqB1N/NisRO+rcAj6U6gDHfH6UXwhil54wAdqh3x05xU1p8d6JFNnvTsTZo1dkGCjJNJXt8saneuV6lcmUkqRihIyyQ5YAkbYG9JXnUFt4z4Xlb1IqFNeXc8mUOGPAJ5q10ixeNRJMFLH5u5FX4I0YDC5A71PltzFOzqNJPzH+9N2s5LRylRzpZQcjPqKuQyl21D04HcUh8Qof8Aplyyg6ghxiuO+C1xHMwAJJyTXQzPk4YYqF8bXv4WwiEEmibWpTB323zXJJcfjrWeWdi1yh1tIeWyad6VAJrXJG4OBR+q2jLZeINmQ5UjnNXPhHrBvrfwpt5EG9dhGNWCecUOQLkZOMbk+lJyIv4tVHyIoOD642H96Ye4WJc523GSMnI5xR7ZQwK68kbH3PemAAHA4zjOa0vncREDOFxn6UpBIfEEbHLABj6ULqIMjoSAcV5upW1mMSSopxxmlJfinp6SBJLjAPfScVSseqdPuh/8e5VyewOabliV8Mh49BXo3AI3poSDTzSd1IMGua6tLzvUZmZ6Ytw1UYSwFMBjVXqHWViBAaoE/U5J2OnJFYI1wnnNSnvZ7VmRdWn2FCjs5b1gXZipOcelWLfo8YaNmjbbliKtwWsagIMnPqM5o6otvlQp37Hil5o459QGQ3YjtU2DxrUnIDKG23yD9ap2tyFZnZSN8gDcj6VSuVW7s2VmyGGARXAdC8Tp3V7iyk8u5Kk+ldBdZU7kEjeuH+Mo3YRTNk4Yqc1zkLn5Ig2t9jg7EfSuw6TEEgSNVPG596d6ynh9OdmHI2FQfhCdrfqaDOFk2NfVYF1KCDztXigAO259amyI6SFi2ol84zx7/wBa2HhCWNhgadRcHfK/80z0kjLeqAj6k70/IQxBxwKTvcgLhhjcN9K1RVRTI+F23Y+lcd8RfEs0jPD0tPKuzTEf0qD0uWS5lYzOZJO5PerM3TkuLdgV3xsaH8OBElaNsh0OCRXcWF3kaXI24rMkuZMxgH1waIJWx3pS6mbBrm+pyMx4pSHnenYWppZAKz49QZ715ZvOxxVi0jUQBh3qnAimLTzmklg1XRUqCO+RVeG0hhUFVbP0pwadG5X70WKCPGQM98Vi5UtHgg5HGeRUsStqZHjB91NTJbmZJ8Y32yMYP+temuPDRZlcpg74G3+/aqfSeqpIPDlJVhzjj/Sp/wAXdLkcp1OwUmWL5gP4hWOk3Vv1G1BLYcc+x9KU690sXFs0ZTytwy+tQOndDMLHShZ/5iN66ax6eIxqlTgcVI6pdx3t6IU3gjOX9wO1QYp1HVPFiGldeQBX1vpMolt0dcHKjB9u9NSREwk6e22TzUpUYAgspY5JJHPoKVKKJCirhNWCzfxbbD+v61QsHwJFbSDqycDBJPNONgH1HpSTRtLKATgHGQfao3xZeFCLONiMjL49PSuBhu/w/UpkmJ8Jtjnt6UboPmvnI+Teu1s4fEQYHIpLoFosl/eDGRrNdA/SCBlHYE05a9P0KN2J9zzTq2ZxuKDNYahxUu66MH/hqfJ0ZlzgUBrCSPsaBIsicg0AyEetI26QSTAaXbfua6a1XSoURgAfzGn4cBC3l+iigXFwkUoYqxzsd8U7DcJMgUDH1NNRRdtjTSKqqNOM1pOMqQVP2qJcQ/mZDOCD6UtcKX/N7kcgb/pS0UenWHCMr7Z4I/3617wWjV2EbIyjZ1GQR6EDcU70nrDRqYbxAV4ygyV+vt70LqfQg2u/6TJ4cx3IHyv9RUxuvXFiPD6pZzIf5lGVNav8WdPUAxIxHfK4JqR1X4omvh4UCeDD3xuTUxrpvw/h2yOuv/uMeW9qBbIwmBIIxX1T4ZnV+nqCQoAA3NXQGMZyTv67bVNYadZxkY3Pf6Uo6JIQpRiFGrGrSCf+aLbPGjgMo33Zucmmrm4CxbAn0+1AsWeW5XVuuCcj1rmOur4vU7hjvhsfpXE9fgkiutag6JPT1qr8N2kylS3J7eldvJInTumSXExwQuw9TWnwdATE878yHOcV1LhVWiWxUtzt6mn10GtjHGfStGt0PGKBJYq3YUrL0wHtU656QDny1Nm6LucLXL2EoZ/ylVPpzViF21jVvVCB9JOkg55FKdRjbc42pOx6iYJVSRxpJ77V1tnJFJEHVv0NM+XGd61fSBkFhn1FT76IuvlIyOCNqlm4DHw50AKnn/e4rWaLxsJnQ0a+V87/AEoUsPhrGZdTDPK+vt3H0raNWiPiKupXPzA8n3+tGt55ISGtzpOcNGx2/Wqhe0vlCXCrqI4ZanXHwfYTEuIlH0GBQX+D7OI6gvlFTur9MtLaECNArY/3muZkiaKIvg7HP2rsfhG4DRKNycbKe9ddLII4iTz3xSErEE6Tv3BOKC4ydIIOe1axDTIuR9yRW904Kop+Xfg0Xp3lY6cgY71zN1LFJ1W5j1AnXk0G66THOw04O+d+1PWsFp0uEzXEiAKM881Ekvbj4j6jHBCCLRGzj196+idMto7S1RANlFCvrxFJGeKUt79ic5p5OogD5q2/6oB/FRouqKf4qbjv1bvRhdIRyK0eWM9xQH0H0r5d0uydRqzViBW1eYZA7ijl01eVt6Z2liwVzgVCvbcCfuAeKPZXc0BCyMfDHcVft+pRumEmB7c1tLdFV8zDFJveRodpMe2KlX0weUSxElxtgMN6PBfw4BnBDcEsuR9Diiq8c0pYKSMYDxvkUWIzeLLCriQY/iXAAoWgmXDQaWOxeN9J+/aiLBJGYzGx+hGMj32pqC/kjwjRyK3/AJnY0dr93jIKnJ4AFQr+JpDhsg5zjNSL2HxEC4IReSPT1onRbs2MugucH1rqrS9eUocgKx2DbnHrR5psuANydtt62A3XzHfbaiNjygAkn22rF5AyxiXSNuPalFuvAjZ5HOMEVyVv0xuq+NcRyMk2skEVg9L+IIvJHKCvrR7b4Rv7uQP1C4Zl7jNdf03otl0y3BAVSBznBoV71YKDHCQfXHapJLSgvIWJJ2zRkcKOa88m2xpWWRwdia0S6kU8mnIuouo5ojdZZBzWB1wk80ePrJPek3iWOLCDBrNmj5PBFeljxJuuxpiAMBjPlpPqMenJK+X1pe1WOUeGRg+tbSdOZDrhzn2NKyT3KLiQEEdyCc0u1xIzY85B9jitkiZmBWTT7NT6W0ckeZAVYfxA1ulkIgGhml0E8JjH6UScKwAkuCChyGIxj04rLzxSlWdGaY4DFQdx6miRLofE0nhjTqR1kyGP+/WigAnTLIj5Od0wR9cnFYmt/MAkpdifMRuB7YodzEyKylyz/wDqAalXdsVYF2BQnbHJqbbRa7nURltzp7V0dtkFDJsNOCtPwl840kKOQNqciKhToA3xyaNFh8MB5hsRT8sKvblT3HfvXIdVR0jcBD5W2PakfhuT8PcOpBKnfHbNdY97DGoOASe1BXqJY4I0LSF+8kjEalZeQGNKeVlZdIDDjA5ryIwXLHJrRmIrXWfWvHegOpBrXJFeWBpT3on4BhuM1uLaRRxTrBs4rayILlDs1MSxsN6xFqwRivXCiWMq4+hqQqPDMcgMvaq9q6uu6gGivbxyfwA0rJ09M7LigvZMowHJ+1BMexSRAynbisC3lg3i1sp7atxSszTMxD61bsxPNNWQkaIlPyZc/wAuAa2VJgHZMOyNlhowR9R/fimbYgSKJIGx3UDb9RzThW2Q6wNAPCgkgfYUGdnUah5iwyBjFSbg5iIY4IY4QdhSE8iWai4dNKqx0jgjNEtuoeK6yNkKQdII5qxBI4IY4K8gk4Ip9bhWxv8ATA709YshkGWztkGqUxLKR6+tc11iLKSbeXnGdxtULpziK5bGxxt3zVa4aRgCQNI9djWkZIQGSUvk4VVXGPrWG8xVkGk5wc1jUhcqEJYctRNgMUvMtAAyaKorDKDXorcyPVqysBgZFPfgB2FePTxp4qCzMwJHal7Zyl1kjY1fUB4x70F4tG4/WhtuvmGam3kRbOgUpBNPE+NOSPUVTg6hIdpVVfvTZdmGRj9axEQxw/8AWifh42Ow3rcwDGCPvS8lqNz/AEFBa0d0JRs45HBNbRKVUxfmL75O/wC1DkBmIQKEzjdid6OU0LpZwpH8wG/0xzQGjU7qxTYY1ggADnbmkLiJxIzMwZdQCrjA9frQLy2ilC+MNQ7E+o7GptwYXfQm4X0p/p9ywXQ24B2zzVi3kVwdy3t2FUICdY2zjmq8zP4OpcZxsc1yvVrgKGkfzEAnHb6VKspmLLIQCMeYelWWcmMPv7YGc/5pTxM+ffC87cVqpF1pUMRj07Cq9rZqEAUZraWzIHFJS2jE4AraHp55Ioz2WkcUlLCQeKe6fb5IyK6C3iAApoIK8VGK+feM6udWw963g0mUEOPoauWzkKByKZwGHy0B1OcYxSsocfKuftU+7tpZQfmH7UijrbvpKEt/MRVG0ui58wOPan1AbBCn65phAAB/miLngZrwAJraNVBw2x7GsSqBkCQE/wAqgCkgpWM4KsSflDZI+9BU+GWTQSSN2yciiRqralV1AHYkk5961ezVF8TALE5Gd8mkeoAagCAexOKiXaIpIABwPMe9Ys5NJww99yOat2rZCtqByBg1RgcqANsA77/0q6GQ2wY7AAA965DrwJWTwxxx60hZxuqLxkjBAP8AWqCuzRmPxM6R2HPtWnhs4VI4/NjfJ5PvTttZi3OpsajzVqyK4Ap/wVcUP8ECeKMlooHFDnthjipdzbAHit7RApqpEcCjBq2Br50UBbEsi/8A13ohSBAvzH0ycVRsriQAYRSn71Xhl1gYOPtW75I2J+1KyGRc4dv1pR53zgzOB/7GlbiS4G6SufvSq9Qu43w0zY98VQg6kXwPEjb6qKfikVt2jiP0WmPEjA3iX7E1kGJyPynH0NazQKynAkA+xpKVWhU61XHbSMn96WS6gd2VttI7jH71oLqxmLRJKHkA3VcGp8XTbgXIlt7hljJ8yHcH96qEOAMyjJ5UDNaTxM0ZZkIXsCP6YrmbxkbKR8g7g7UtayohGSDvznmrFnex4Cuy45ANVLedHdRkDjSB29zVDx9MTqrEeXfFRep+ZW22xyDig9LQyx6XBP8AKT60dQUuNCnDE71Xt4PD3PNYmbesw3HhmqdrfKcDNUopkYcii6hjahvjHFSr9guaWs21NmqanArdTmjLXznG5KbH/wAqBIW1+YbVa6QXIx5HUelW42UYGkij4HagzR6gQKRe3AJ8pJ9AKGbWV9kjcfbApa56azKQzRj/ANnApFLaGzfMl5D9F1H+1V7We3Kj8/P0Q/3p+OSEjZpD9FAosYR3A0ufqw/tTOYoxjQv6ZoUyW06kMmT38opKLpUUOp1OnUc4JNSbvoaPe+JHse+k6c/pSl7J1Kzdfw/mTOCoJqzazFokMwIkYcD+m9PmHxE0opBxvqNcH8SdEvrO6N1brlDkEDiokKPO+PlUHDBjuKow2sYwQ5yPemIJZYWyHLADGM702/VJgmoHLbjzbYpD8fdNKNa+UncA1fggmjs/LpDFcgGlo4blrmKaV1BHzbV0KhmTIZiMdqXZH1b6vvQbjUqbUnbTzCXcnFdFZXJCjNVIrjI5reSTy5qD1KbLYBoljsoJqih1GmUWiCvmV6r4B1EA0MSIsP5urPrTfT5pEYNArAHkv5R+9dLZyl1Bdlz3C71RRkxxn61sSP4QB9qFIHYfMf1pZo2zz+tAlhznapt1ZlgcAZqYkdxbz4RWck/KoyavWazuAJVEbH+Fj5v0G9V4Ygq4aRQe/8AxQ7mHUNmlk9gdI/zSXgTrnwSFf23x9zQJLqeBiC2twN2H9jS6dYlbUZSEjXknn6Vk38etRNqCtxqyB+9UYvw82NTAaeNsH96owImAwX23bn9K2uoUmhZfDDDg4FfPfifoBhLSwArnfCZ2rkree6gmGGZ0zgqd6tCUKAWyT6VjWXfCAkngCul6D0QuVnueOdNUOqCVUEVup1ZABxwKDBYyzXAaWRlwuy1W8GWGJQJSftWFY95G+4rWUM48uh/Y0KOBdWWiAPtRm0INjitobkBsBgabe4Hh81Fun1yjHrTlrnaq0Apta2FfPJhGI8ENJ+w/wA0ul34XlCxgew3/WvRm0mfUwct65zV/pkylAqfvzViJCQM4o3h1gritCmrgZPtWngZPmIB9OTWkkMSDzAf/c/2FI3EpUFYUOPfyj9B/c1MkW+mfw4Wff8AgiGkffH96o2QlhXTI4dxyke+P/ZuBTpuokQknxGx8qny/r3pd7x3ARo9AY+VQMftQHvLSMFG/Mb0Ubfr/ilxLBLIG8iKDlVI4PrijvaRTSq7MjY3OT396YWwhdg6sradyc5p5SE4KhR6GiK5K7Fse7bGlL5BLA6sMkjGM18xuALLqE9u4w2cj6UITI51lhpzhQO5rq/h3o5WNbm5GJG30nsPSul8RYl0g4x6bVIuOosJyqR5HqaNbXNxIA2nIzuRVAs5XIJ96C8uPm3oBcMcqaNHOVGCa9I3iDj7ik3gkRtS7itWvGQaSa2tyJmzVe0i4NU4Y+KY4rNfPtER3MxY0sRqYgIPrWkUGmb5xzwa6LpcTgDYEe1WolI7UcD1OKzgHgZ+tauRj19hsKC7HGBsPQbUHw2c4UE1o0KA4OZG/lTj7mgTsFUqcEf/AI49l+55NKBJrlxGoGBuFGyr7/60zGYovLHiRhzIR5QfYd61nYEkNkD+IncmljHF3XSvb1P+/WlCITL8oC9gN/vW/hRq+VkwB6bA0wXmyDGRt2AxRPxsnDKuscjmsLenBLqVPua1/HnScpjOw/1rh/i5Pxd+ssJ87AKcDBIp/wCG+jR27Ce7UvJ/BkZA+1dWtwqLsKHLeKRyWX09KWknj4Mfzd/Wm7N9BBTYU40gfc4VvUUpdMAdM3lJ4YcGldEisMbg8EU5bwPJjIqnb2eBuKxdWwVTgVz12mZcFc+9UOm2uwq7BEFApkbCthWwr50phXI0liecUQJhcwpv71tbRSPJ54hn1q1ZoE2z9lqtDkjFFAA968cnmsaM7Vgqi87+woT5Iw2y/wAopeU5GkbD0FD/AA4bzOdKevc/ShSHX+VCuiM9hyfr615gsC4G8n/8/wCvvQtOga3ALdlPb61pKnlOreR+c9h6UtLEo8oX6n1pWQHVqxxxWizlchlPsPSs/iABkjB/3zQvxWWwwwOcmtJ7nJBAyOfrSC24mm8STnNV4vy1AU7AbexrdpWI3H6VqupgfL3piBDkFlyPSnfDAGBt6UAylTjvWyI0q6WXUh7en0p+zsNO3K+9VIbZY+1MFQBtStzgqahXKKJMmqFjpCiqKuqjkV5rhAOaGLxM81v+LXG1fOrTqSMAogJJ/U1RR0JBOpT/ACj+5pjLHbIC+gqnZakXLDA7DuaoRO5HGBTAPqa3+u1asTwOKGfb9aG2TsOTWhVUO41P6dhQpNTHksT+9at+SCq41n5m9PYUDAXzHc9hWBsDI25zsD3NDOd3O5P9a0xkUF0BO42oDxgnAFDNvySKF4AI4rItxjIFbrag7gU5FbKOaN4MeOBWpVV7Cs613Uc8ivI/iLjvR47PxWDEb9/eqlvZKo4ptEA2xgii52wa0c4+lI3b6VJFcr1S9KSc1pZ9Y0nTnerUE8s6grmjrbzPzmjR2Dg7mmFtPU1wEVuttJ4cZPux5NUogqEKF2p1QqRq4Uajx7UeB5O7k1RidsAE5pseX6+tZBrx5xWGNaSHRsOSNzQiNq9jQqkcsDv6UAj1oTjU+D64rSXdiOw2FauPKK1UbVo6ihMgHFauPJQ40GcUaOMaaKFAFb9q1bil3GrkmtNOJEIPtVC0hXXmq8KBcADmnI9wK3ZRjPpWnP3obHkVL6iSEOK43qXnlOaWt4wsqn3ruejkGJRpHFVvlGwoTykdqWa5cHFf/9k=';
  const TEXTS = {
    title: 'A live convolution: change a number of the kernel',
    photo: 'The photograph', result: 'The result', kernel: 'The kernel', cell: 'row {row}, column {column}',
    choose: 'Choose a kernel', own: 'Your own numbers',
    presets: { vertical: 'Vertical edges', horizontal: 'Horizontal edges', outline: 'Outline', blur: 'Blur', sharpen: 'Sharpen', copy: 'Copy' },
    upload: 'Your own picture', drop: 'Or drop one on the photograph. It stays on your computer.',
    noPicture: '{name} is not a picture that this browser can read; try a PNG or JPEG file.',
    noNumber: '{value} is not a number from −99 to 99.',
    edges: 'The numbers sum to 0: flat parts turn black, and what changes lights up.',
    sum: 'The numbers sum to {sum}: that is the factor for the brightness of flat parts.',
  };
  const KERNELS = {
    vertical: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
    horizontal: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    outline: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
    blur: ['1/9', '1/9', '1/9', '1/9', '1/9', '1/9', '1/9', '1/9', '1/9'],
    sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
    copy: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  };
  const WIDE = 320;  // pixels of the longer side
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /* '3', '-0.5', '1/9'; NaN for what is no number from -99 to 99. */
  function read(text) {
    const [above, below = '1', ...more] = text.replace('\u2212', '-').split('/');
    const number = more.length || !above.trim() || !below.trim() ? NaN : above / below;
    return Math.abs(number) <= 99 ? number : NaN;
  }

  /* Lay a 3x3 kernel over each pixel; beyond the border the last pixel goes on. */
  function convolve(gray, width, height, kernel) {
    const result = new Float32Array(width * height);
    for (let i = 0; i < height; i++) {
      const above = Math.max(i - 1, 0) * width, here = i * width, below = Math.min(i + 1, height - 1) * width;
      for (let j = 0; j < width; j++) {
        const left = Math.max(j - 1, 0), right = Math.min(j + 1, width - 1);
        result[here + j] = kernel[0] * gray[above + left] + kernel[1] * gray[above + j] + kernel[2] * gray[above + right]
          + kernel[3] * gray[here + left] + kernel[4] * gray[here + j] + kernel[5] * gray[here + right]
          + kernel[6] * gray[below + left] + kernel[7] * gray[below + j] + kernel[8] * gray[below + right];
      }
    }
    return result;
  }

  /* Numbers to show as gray: sizes, scaled, of what sums to 0; else as they are. */
  function shades(values, sum) {
    if (Math.abs(sum) > 1e-6) return values;
    const sizes = values.map(Math.abs), sorted = sizes.filter((_, i) => i % 16 === 0).sort();
    const bright = sorted[Math.floor(0.99 * (sorted.length - 1))] || 1;
    return sizes.map(size => 255 * size / bright);
  }

  function paint(canvas, width, height, values) {
    Object.assign(canvas, { width, height });
    const pixels = new ImageData(width, height);
    for (let i = 0; i < values.length; i++) {
      pixels.data[4 * i] = pixels.data[4 * i + 1] = pixels.data[4 * i + 2] = values[i];
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext('2d').putImageData(pixels, 0, 0);
  }

  class CoverPicture extends HTMLElement {
    connectedCallback() {
      if (this.fields) return;
      this.build();
      this.load(PHOTO).then(() => this.choose('vertical'));
    }

    build() {
      const figure = (text, ...parts) => make('figure', {}, ...parts, make('figcaption', {}, text));
      this.photo = make('canvas', { role: 'img', 'aria-label': TEXTS.photo, width: 320, height: 213 });
      this.result = make('canvas', { role: 'img', 'aria-label': TEXTS.result, width: 320, height: 213 });
      this.fields = [...Array(9).keys()].map(i => make('input', { inputmode: 'text', maxlength: 5, autocomplete: 'off',
        'aria-label': fill(TEXTS.cell, { row: Math.floor(i / 3), column: i % 3 }) }));
      const grid = make('div', { class: 'kernel', role: 'group', 'aria-label': TEXTS.kernel }, ...this.fields);
      grid.addEventListener('input', () => { this.preset.value = 'own'; this.draw(); });
      const option = ([value, text]) => make('option', { value }, text);
      this.preset = make('select', { 'aria-label': TEXTS.choose },
        ...Object.entries(TEXTS.presets).map(option), option(['own', TEXTS.own]));
      this.preset.addEventListener('change', () => this.choose(this.preset.value));
      this.file = make('input', { type: 'file', accept: 'image/*', 'aria-label': TEXTS.upload });
      this.file.addEventListener('change', () => this.take(this.file.files[0]));
      this.status = make('p', { role: 'status' });
      this.setAttribute('role', 'group');
      this.setAttribute('aria-label', TEXTS.title);
      this.replaceChildren(figure(TEXTS.photo, this.photo), figure(TEXTS.kernel, grid), figure(TEXTS.result, this.result),
        make('div', { class: 'controls' }, this.preset, make('label', { class: 'button' }, TEXTS.upload, this.file),
          make('span', {}, TEXTS.drop)), this.status);
      this.letDrop();
    }

    letDrop() {
      this.addEventListener('dragover', event => { event.preventDefault(); this.classList.add('over'); });
      this.addEventListener('dragleave', () => this.classList.remove('over'));
      this.addEventListener('drop', event => {
        event.preventDefault();
        this.classList.remove('over');
        this.take(event.dataTransfer.files[0]);
      });
    }

    async take(file) {
      if (!file) return;
      const address = URL.createObjectURL(file), turn = this.turn = {};  // the last picture counts
      try { await this.load(address, turn); this.draw(); } catch {
        if (turn === this.turn) this.status.textContent = fill(TEXTS.noPicture, { name: file.name });
      }
      URL.revokeObjectURL(address);
    }

    /* Read a picture's gray values, the longer side made WIDE pixels. */
    async load(address, turn) {
      const picture = new Image();
      picture.src = address;
      await picture.decode();
      if (turn !== this.turn) return;
      const scale = WIDE / Math.max(picture.naturalWidth, picture.naturalHeight);
      const [width, height] = [picture.naturalWidth, picture.naturalHeight].map(n => Math.max(1, Math.round(n * scale)));
      const sheet = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
      sheet.fillStyle = '#fff';
      sheet.fillRect(0, 0, width, height);
      sheet.drawImage(picture, 0, 0, width, height);
      const { data } = sheet.getImageData(0, 0, width, height);
      this.gray = new Float32Array(width * height);
      for (let i = 0; i < width * height; i++) {
        this.gray[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
      }
      Object.assign(this, { width, height });
      paint(this.photo, width, height, this.gray);
    }

    choose(name) {
      KERNELS[name]?.forEach((number, i) => { this.fields[i].value = String(number).replace('-', '\u2212'); });
      this.preset.value = name;
      this.draw();
    }

    draw() {
      const kernel = this.fields.map(field => read(field.value));
      this.fields.forEach((field, i) => {
        if (Number.isNaN(kernel[i])) field.setAttribute('aria-invalid', 'true');
        else field.removeAttribute('aria-invalid');
      });
      const bad = kernel.findIndex(Number.isNaN);
      if (bad >= 0) {
        this.status.textContent = fill(TEXTS.noNumber, { value: this.fields[bad].value || '“”' });
        return;
      }
      if (!this.gray) return;  // the photograph is still coming
      const sum = kernel.reduce((a, b) => a + b, 0);
      this.values = convolve(this.gray, this.width, this.height, kernel);
      paint(this.result, this.width, this.height, shades(this.values, sum));
      const shown = String(Math.round(100 * sum) / 100).replace('-', '\u2212');
      this.status.textContent = Math.abs(sum) > 1e-6 ? fill(TEXTS.sum, { sum: shown }) : TEXTS.edges;
    }
  }

  /* How far the reader has come in each chapter: pages keep that themselves. */
  function showProgress() {
    let kept = {};
    try { kept = localStorage; } catch { return; }
    for (const card of document.querySelectorAll('.card')) {
      const read = Math.min(1, Number(kept[`read ${card.dataset.page}`]) || 0);
      if (read > 0) card.querySelector('.progress').append(make('progress', { value: read, max: 1, 'aria-label': 'Read' }), ` ${Math.round(100 * read)} % read`);
    }
  }

  customElements.define('cover-picture', CoverPicture);
  showProgress();
}
